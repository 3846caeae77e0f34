"""What a test does to a running environment, and undoes: kills, a short visibility timeout, events that get lost."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psutil

from size_history.messages import ReconcileRequest
from tests.e2e.environment import Environment
from tidemark.aws.deployment import Deployment


def deployment() -> Deployment:
    """Return the environment as the operations see it."""
    return Deployment("local", os.environ["AWS_ENDPOINT_URL"])


def wait_until(condition: Callable[[], object], what: str, *, seconds: float = 120) -> None:
    """Poll until it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"after {seconds} s still not: {what}"
        time.sleep(0.05)


def put_all(environment: Environment, bucket: str, sizes: dict[str, int]) -> None:
    """Put these objects, eight at a time."""
    s3 = environment.client("s3")
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(lambda one: s3.put_object(Bucket=bucket, Key=one[0], Body=b"." * one[1]), sizes.items())
        )


def make_live(environment: Environment, bucket: str) -> None:
    """Have the deployed tracker adopt a bucket, and wait until it has."""
    environment.client("sqs").send_message(
        QueueUrl=environment.queue_url, MessageBody=ReconcileRequest(bucket).to_json()
    )
    wait_until(lambda: environment.samples(bucket), f"{bucket} is adopted")


@contextmanager
def visibility(environment: Environment, seconds: int) -> Iterator[None]:
    """Let messages that were not acknowledged come back sooner, and put the queue's own timeout back afterwards."""
    sqs, name = environment.client("sqs"), "VisibilityTimeout"
    url = environment.queue_url
    before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={name: str(seconds)})
    try:
        yield
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes={name: before})


@contextmanager
def lost_events(environment: Environment, bucket: str) -> Iterator[None]:
    """Let a bucket tell nobody of its changes; at its source, for LocalStack delivers by a disabled rule too."""
    s3 = environment.client("s3")
    told = s3.get_bucket_notification_configuration(Bucket=bucket)
    told.pop("ResponseMetadata", None)
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    try:
        yield
    finally:
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=told)


def tracker_processes(environment: Environment) -> list[psutil.Process]:
    """Return the processes in which this environment's tracker runs right now."""
    found = []
    for process in psutil.process_iter():
        try:
            if "size_tracking.handler.handler" not in process.cmdline():
                continue
            if process.environ().get("LEDGER_TABLE") == environment.ledger_table:
                found.append(process)
        except psutil.Error:
            continue
    return found


def kill_tracker(environment: Environment) -> int:
    """Kill the tracker wherever it runs, without a warning; return how many processes there were."""
    killed = 0
    for process in tracker_processes(environment):
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
        killed += 1
    return killed
