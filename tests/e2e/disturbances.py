"""Changes and faults that a test makes in a running environment: puts, kills, lost events, an early redelivery."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import psutil

from size_history.messages import ReconcileRequest
from tests.e2e.environment import Environment
from tests.waiting import until
from tidemark.aws.deployment import Deployment


def deployment() -> Deployment:
    """Return the environment as the commands of operations see it."""
    return Deployment("local", os.environ["AWS_ENDPOINT_URL"])


def put_all(environment: Environment, bucket: str, sizes: dict[str, int]) -> None:
    """Put these objects, eight at a time."""
    s3 = environment.client("s3")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: s3.put_object(Bucket=bucket, Key=key, Body=b"." * sizes[key]), sizes))


def make_live(environment: Environment, bucket: str) -> None:
    """Let the deployed tracker adopt a bucket, and wait until it has."""
    environment.client("sqs").send_message(
        QueueUrl=environment.queue_url, MessageBody=ReconcileRequest(bucket).to_json()
    )
    until(lambda: environment.samples(bucket), f"{bucket} is adopted")


@contextmanager
def visibility(environment: Environment, seconds: int) -> Iterator[None]:
    """While the block lasts, redeliver messages that are not acknowledged within these seconds."""
    sqs, url, name = environment.client("sqs"), environment.queue_url, "VisibilityTimeout"
    before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={name: str(seconds)})
    try:
        yield
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes={name: before})


@contextmanager
def lost_events(environment: Environment, bucket: str) -> Iterator[None]:
    """Turn a bucket's events off while the block lasts. (LocalStack would also deliver by a disabled rule.)"""
    s3 = environment.client("s3")
    before = s3.get_bucket_notification_configuration(Bucket=bucket)
    before.pop("ResponseMetadata", None)
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    try:
        yield
    finally:
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=before)


def tracker_processes(environment: Environment) -> list[psutil.Process]:
    """Return the processes that run this environment's tracker."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if (
                "size_tracking.handler.handler" in process.cmdline()
                and process.environ().get("LEDGER_TABLE") == environment.ledger_table
            ):
                found.append(process)
    return found


def kill_tracker(environment: Environment) -> int:
    """Kill the tracker's processes and return how many there were."""
    killed = 0
    for process in tracker_processes(environment):
        with suppress(psutil.NoSuchProcess):
            process.kill()
            killed += 1
    return killed
