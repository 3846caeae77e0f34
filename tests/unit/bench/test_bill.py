"""The arithmetic of the bill, compared with figures worked out by hand."""

from collections import Counter

import pytest

from infra_cdk.lambda_stack import TRACKING
from infra_cdk.settings import QUEUE_PROFILES
from tests.bench import facts
from tests.bench.bill import (
    Usage,
    dollars_per_million,
    gb_seconds,
    lister_usage,
    lister_usage_at,
    tracker_usage,
)
from tests.bench.counting import Counted


def test_a_million_events_cost_the_sum_of_their_units():
    usage = Usage(
        sqs_requests=3,
        invocations=1,
        gb_seconds=0.05,
        heads=1,
        lists=2,
        read_units=3,
        write_units=9,
    )

    bill = dollars_per_million(usage)

    assert bill == pytest.approx(
        {
            "EventBridge": 1.0,
            "SQS": 1.2,
            "Lambda": 0.2 + 0.05 * 16.6667,
            "S3": 0.4 + 2 * 5.0,
            "DynamoDB": 3 * 0.125 + 9 * 0.625,
        }
    )


@pytest.mark.parametrize(
    ("batch", "sqs_requests"), [(1, 3), (10, 1.2), (48, 1 + 2 * 5 / 48)], ids=["alone", "ten", "five fetches"]
)
def test_a_queue_is_paid_for_sending_receiving_and_deleting(batch, sqs_requests):
    usage = tracker_usage(Counted(), events=batch, batch=batch, cpu=0)

    assert usage.sqs_requests == pytest.approx(sqs_requests)


def test_what_was_counted_is_billed_per_event():
    counted = Counted(Counter({"s3.HeadObject": 20}), read_units=60, write_units=180)

    usage = tracker_usage(counted, events=20, batch=10, cpu=0)

    assert (usage.heads, usage.read_units, usage.write_units, usage.lists) == (1, 3, 9, 0)


def test_processor_time_is_stretched_to_the_part_that_the_memory_brings():
    assert gb_seconds(waiting=0, cpu=0.512) == pytest.approx(1.769 / 2)
    assert gb_seconds(waiting=2, cpu=0) == pytest.approx(1)


def test_the_lister_pays_a_listing_request_per_thousand_objects():
    measured = lister_usage(Counted(Counter({"s3.ListObjectsV2": 20})), events=10, cpu=0.01)

    at = [lister_usage_at(objects, measured) for objects in (1000, 1001, 1_000_000)]

    assert [usage.lists for usage in at] == [1, 2, 1000]
    assert at[2].gb_seconds == pytest.approx(measured.gb_seconds * 500)


def test_the_figures_on_paper_are_of_the_function_that_is_deployed():
    largest = max(profile.batch_size for profile in QUEUE_PROFILES.values())

    assert TRACKING.memory_mib == facts.TRACKER_MIB
    assert largest <= facts.CHUNK_KEYS
