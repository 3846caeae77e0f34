"""When two observations show the same object."""

from dataclasses import replace

import pytest

from size_tracking.values import ABSENT, Header, ObjectRow, Observation, Run, Transaction

HEAD = Observation(5, "e", "2026-01-01T00:00:00Z", "v1")
LISTED = Observation(5, "e", "2026-01-01T00:00:00Z", listed=True)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param(HEAD, HEAD, True, id="the same"),
        pytest.param(ABSENT, ABSENT, True, id="both absent"),
        pytest.param(HEAD, ABSENT, False, id="one absent"),
        pytest.param(replace(HEAD, size=0), replace(HEAD, size=None), False, id="no bytes, no object"),
        pytest.param(HEAD, replace(HEAD, size=6), False, id="another size"),
        pytest.param(HEAD, replace(HEAD, etag="f"), False, id="another etag"),
        pytest.param(HEAD, replace(HEAD, last_modified="later"), False, id="another time"),
        pytest.param(HEAD, replace(HEAD, version_id="v2"), False, id="another version"),
        pytest.param(LISTED, replace(LISTED, last_modified="later"), False, id="two listings of two times"),
        pytest.param(HEAD, LISTED, True, id="a listing tells no version"),
        pytest.param(
            HEAD, replace(LISTED, last_modified="later"), True, id="a listing may tell another time"
        ),
        pytest.param(HEAD, replace(LISTED, size=6), False, id="a listing of another size"),
        pytest.param(HEAD, replace(LISTED, etag="f"), False, id="a listing of another etag"),
    ],
)
def test_two_observations_show_the_same_object_as_far_as_both_tell(one, other, expected):
    assert one.same_as(other) is other.same_as(one) is expected


def test_an_object_of_no_bytes_is_present():
    assert Observation(0).present
    assert not ABSENT.present


def test_what_is_not_told_is_nothing():
    nothing = Observation(size=None, etag="", last_modified="", version_id="", listed=False)
    assert Observation() == ABSENT == nothing
    assert Run("r", 1, started=2, moved=3) == Run(
        "r",
        1,
        started=2,
        moved=3,
        revision=1,
        cursor="",
        previous="",
        announced=True,
        checked=0,
        healed=0,
        drift=0,
        refused=0,
        missed=0,
        settled=False,
        again=False,
        ended=None,
    )
    transaction = Transaction("b")
    assert transaction == Transaction("b", (), None, (), None, None, None, None)
    assert Header() == Header(None, None, None)


def test_a_key_without_a_row_is_absent_at_revision_0():
    assert ObjectRow() == ObjectRow(0, Observation(None, "", "", "", listed=False))
