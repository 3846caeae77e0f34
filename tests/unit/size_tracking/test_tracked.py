import pytest

from size_history.sources import Hearing, Source
from size_tracking.tracked import NotTrackedError, Tracked

NAMED = Tracked(frozenset({"data"}))
LEAVING = Source(since=1, hearing=Hearing.LEAVING)


@pytest.mark.parametrize(
    ("bucket", "source"),
    [("other", Source(since=1)), ("data", Source(since=1)), ("data", None)]
    + [("other", Source(since=1, hearing=hearing)) for hearing in Hearing if hearing is not Hearing.LEAVING],
)
def test_a_row_or_a_name_in_the_settings_makes_a_bucket_tracked(bucket, source):
    NAMED.require(bucket, source)


def test_nothing_is_named_by_default():
    assert Tracked().named == frozenset()


@pytest.mark.parametrize(
    ("tracked", "bucket", "source"),
    [
        pytest.param(NAMED, "other", None, id="neither"),
        pytest.param(NAMED, "other", LEAVING, id="being untracked"),
        pytest.param(NAMED, "data", LEAVING, id="being untracked although named"),
        pytest.param(Tracked(), "data", None, id="nothing is named by default"),
    ],
)
def test_any_other_bucket_is_refused_with_the_fix(tracked, bucket, source):
    with pytest.raises(NotTrackedError, match=f"bucket {bucket} is not tracked: make track BUCKET={bucket}"):
        tracked.require(bucket, source)
