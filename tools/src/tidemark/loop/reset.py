"""`make reset`: empties buckets, queues and tables of an environment that is up, and has the baseline taken again."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from infra_cdk.images import SERVICES
from size_history.messages import ReconcileRequest
from size_history.tables import HISTORY, LEDGER
from tidemark.aws import emulator, ledger
from tidemark.aws.buckets import empty_bucket
from tidemark.aws.tables import create_table, delete_table, finish_table
from tidemark.errors import unstoppable
from tidemark.local import health
from tidemark.local.condition import running
from tidemark.local.health import Clients
from tidemark.local.state import DEFAULT, Environment, StateDirectory
from tidemark.loop.reloading import recycle
from tidemark.loop.services import function_name
from tidemark.options import State
from tidemark.progress import Progress

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient
    from types_boto3_sqs import SQSClient

_BUCKETS = ("TIDEMARK_DATA_BUCKET", "TIDEMARK_PLOT_BUCKET")
_TABLES = {"TIDEMARK_HISTORY_TABLE": HISTORY, "TIDEMARK_LEDGER_TABLE": LEDGER}
_QUEUES = ("TIDEMARK_QUEUE_URL", "TIDEMARK_DLQ_URL", "TIDEMARK_RULE_DLQ_URL")
_PAUSE_SECONDS = 60
_BASELINE_SECONDS = 60
_SETTLE_SECONDS = 10.0
_QUIET_SECONDS = 0.3


def reset(environment: Environment, progress: Progress) -> None:
    """Empty everything while the queue's mapping is paused; the functions, names and URLs stay. CommandError.

    A batch that is in flight may still write afterwards. The baseline heals that: it compares every row with the listing.
    """
    clients, names = Clients.of(environment.endpoint), environment.variables
    data_bucket = names["TIDEMARK_DATA_BUCKET"]
    rows = ledger.sources(clients.tables, names["TIDEMARK_LEDGER_TABLE"])
    # The objects of other buckets are not ours to delete, so these buckets stay tracked, and deaf if they were.
    tracked = {bucket: row for bucket, row in rows.items() if row.tracked}
    with _paused(clients.functions, function_name("size-tracking", names), progress):
        objects = sum(empty_bucket(clients.buckets, names[bucket]) for bucket in _BUCKETS)
        progress.say(f"{objects} objects deleted")
        # Both go before one comes again: a batch in flight would add a sample of the old ledger to the new history.
        for table in _TABLES:
            delete_table(clients.tables, names[table])
        _settle(clients.queues, names["TIDEMARK_QUEUE_URL"])
        for queue in _QUEUES:
            if url := names.get(queue):
                clients.queues.purge_queue(QueueUrl=url)
        progress.say("the queues are empty, the dead letters too")
        for table, schema in _TABLES.items():
            create_table(clients.tables, names[table], schema)
            finish_table(clients.tables, names[table], schema)
        for bucket, row in tracked.items():
            # A check that read the old row must not overwrite this one.
            kept = replace(row, revision=row.revision + 1).to_item(bucket)
            clients.tables.put_item(TableName=names["TIDEMARK_LEDGER_TABLE"], Item=kept)
        progress.say(f"both tables are empty; {len(tracked)} buckets stay tracked")
    for service in SERVICES:
        recycle(environment, service)
    for bucket in dict.fromkeys((data_bucket, *tracked)):
        message = ReconcileRequest(bucket).to_json()
        clients.queues.send_message(QueueUrl=names["TIDEMARK_QUEUE_URL"], MessageBody=message)

    def no_baseline() -> str | None:
        history = health.history(clients.tables, names)
        return None if history.well else history.text

    progress.wait("the data bucket's baseline", no_baseline, seconds=_BASELINE_SECONDS)


@contextmanager
def _paused(client: "LambdaClient", function: str, progress: Progress) -> Iterator[None]:
    mappings = client.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
    for mapping in mappings:
        _switch(client, mapping["UUID"], progress, on=False)
    try:
        yield
    finally:
        with unstoppable():
            for mapping in mappings:
                _switch(client, mapping["UUID"], progress, on=True)


def _switch(client: "LambdaClient", mapping: str, progress: Progress, *, on: bool) -> None:
    client.update_event_source_mapping(UUID=mapping, Enabled=on)
    wanted = "Enabled" if on else "Disabled"

    def missing() -> str | None:
        state = client.get_event_source_mapping(UUID=mapping)["State"]
        return None if state == wanted else f"it is {state}"

    progress.wait(f"the queue's mapping to be {wanted.lower()}", missing, seconds=_PAUSE_SECONDS)


def _settle(client: "SQSClient", url: str) -> None:
    """Wait until no more events of the deletions arrive. Later ones are processed and change nothing."""
    before, deadline = -1, time.monotonic() + _SETTLE_SECONDS
    while time.monotonic() < deadline:
        attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        now = int(attributes["Attributes"]["ApproximateNumberOfMessages"])
        if now == before:
            return
        before = now
        time.sleep(_QUIET_SECONDS)


def command(state: State = DEFAULT) -> int:
    """Empty buckets, tables and queues without a restart, and take the baseline anew."""
    directory = StateDirectory.at(state)
    with directory.alone(), emulator.explained(fix="make local-down local-up starts anew"):
        reset(running(directory), Progress())
    print("reset: everything is empty, the baseline is taken; names and URLs are as they were")
    return 0
