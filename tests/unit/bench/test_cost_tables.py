"""The cost benchmark fails if a figure misses its goal, and only then."""

from collections import Counter

import pytest

from tests.bench.cost_tables import Measured, missed, page
from tests.bench.counting import Counted


def measured(*, batch=1, objects=10_000, requests=4, seconds=1.0):
    """Return a measurement of 10 events: requests of each, seconds of all."""
    counted = Counted(Counter({"s3.HeadObject": 10, "dynamodb.BatchGetItem": round(10 * requests) - 10}))
    return Measured(objects, batch, events=10, seconds=seconds, cpu=0.1, engine_cpu=0.1, counted=counted)


def lister(seconds=20.0, objects=10_000):
    counted = Counted(Counter({"s3.ListObjectsV2": 10 * objects // 1000, "dynamodb.PutItem": 10}))
    return Measured(objects, 1, events=10, seconds=seconds, cpu=1, engine_cpu=1, counted=counted)


@pytest.mark.parametrize(
    ("ours", "words"),
    [
        pytest.param(measured(), None, id="one by one, at its goal"),
        pytest.param(measured(requests=4.1), "4.10 requests per event at batch 1", id="a request too many"),
        pytest.param(measured(batch=10, requests=1.6), None, id="batch of ten, at both goals"),
        pytest.param(measured(batch=10, requests=1.7), "1.70 requests per event at batch 10", id="batched"),
        pytest.param(measured(batch=10, requests=1.3, seconds=1.1), "18.2 times", id="too slow"),
        pytest.param(measured(batch=10, objects=1000, requests=1.3, seconds=9), None, id="slow but few"),
    ],
)
def test_a_missed_goal_is_named(ours, words):
    lines = missed([([ours], lister())])

    assert (words in lines[0]) if words else (lines == [])


def test_the_page_says_what_the_lister_would_cost_at_a_million_objects():
    text = page([([measured(batch=10, requests=1.3)], lister())])

    assert "| list-per-event, 1,000,000 objects | 1.00 | 0.00 |" in text
    assert "| 5,000.00 |" in text
    assert "10,000 | Tidemark, batches of 10 | 10 | 1.30 | 100.0 |" in text
