"""Computes dollars from counted requests: the cost of a million events on AWS, by service."""

from dataclasses import dataclass, replace

from tests.bench import facts, prices
from tests.bench.counting import Counted

SERVICES = ("EventBridge", "SQS", "Lambda", "S3", "DynamoDB")


@dataclass(frozen=True)
class Usage:
    """The billed units of one event: requests, GB-seconds and DynamoDB capacity units."""

    events: float = 1
    sqs_requests: float = 0
    invocations: float = 0
    gb_seconds: float = 0
    heads: float = 0
    lists: float = 0
    read_units: float = 0
    write_units: float = 0


def dollars_per_million(usage: Usage) -> dict[str, float]:
    """Return the bill of a million events by service."""
    per_event = {
        "EventBridge": usage.events * prices.EVENTBRIDGE_EVENT.dollars,
        "SQS": usage.sqs_requests * prices.SQS_REQUEST.dollars,
        "Lambda": usage.invocations * prices.LAMBDA_REQUEST.dollars
        + usage.gb_seconds * prices.LAMBDA_GB_SECOND.dollars,
        "S3": usage.heads * prices.S3_HEAD.dollars + usage.lists * prices.S3_LIST.dollars,
        "DynamoDB": usage.read_units * prices.DYNAMODB_READ.dollars
        + usage.write_units * prices.DYNAMODB_WRITE.dollars,
    }
    return {service: dollars * prices.MILLION for service, dollars in per_event.items()}


def gb_seconds(*, waiting: float, cpu: float) -> float:
    """Return the billed GB-seconds of an invocation that waits and computes. It gets only a share of a processor."""
    share = facts.TRACKER_MIB / facts.LAMBDA_CPU_MIB.value
    return (waiting + cpu / share) * facts.TRACKER_MIB / 1024


def tracker_usage(counted: Counted, *, events: int, batch: int, cpu: float) -> Usage:
    """Return this tracker's usage per event, from the requests of `events` events in batches of `batch`.

    `cpu` is our processor time per event in seconds. Each message is sent alone; a receive or delete takes up to 10.
    """
    fetches = -(-batch // int(facts.RECEIVE_LIMIT.value))
    return Usage(
        sqs_requests=1 + 2 * fetches / batch,
        invocations=1 / batch,
        gb_seconds=gb_seconds(waiting=facts.waiting_seconds(batch) / batch, cpu=cpu),
        heads=counted.requests["s3.HeadObject"] / events,
        read_units=counted.read_units / events,
        write_units=counted.write_units / events,
    )


def lister_usage(counted: Counted, *, events: int, cpu: float) -> Usage:
    """Return the list-per-event tracker's usage per event. A rule invokes it directly, without a queue."""
    lists = counted.requests["s3.ListObjectsV2"] / events
    waiting = lists * facts.LIST_SECONDS.value + facts.WRITE_SECONDS.value
    return Usage(
        invocations=1,
        gb_seconds=gb_seconds(waiting=waiting, cpu=cpu),
        lists=lists,
        read_units=counted.read_units / events,
        write_units=counted.write_units / events,
    )


def lister_usage_at(objects: int, measured: Usage) -> Usage:
    """Return the lister's usage at a larger number of objects: a LIST per page, and time in proportion."""
    lists = -(-objects // int(facts.LIST_PAGE.value))
    return replace(measured, lists=lists, gb_seconds=measured.gb_seconds * lists / measured.lists)


def lister_seconds(objects: int) -> float:
    """Return how long an invocation of the lister waits for S3."""
    return -(-objects // int(facts.LIST_PAGE.value)) * facts.LIST_SECONDS.value
