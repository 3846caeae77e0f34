"""`make reset`: empties buckets, queues and tables of an environment that is up, and has the baseline taken again."""

import argparse
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from infra_cdk.images import SERVICES
from size_history import keys
from size_history.messages import ReconcileRequest
from size_history.tables import HISTORY, LEDGER, TableSchema
from tidemark.errors import CommandError, run, unstoppable
from tidemark.local import health
from tidemark.local.env import running
from tidemark.local.health import Clients
from tidemark.local.progress import Progress
from tidemark.local.state import DEFAULT, Environment, StateDirectory
from tidemark.loop.reloading import recycle
from tidemark.loop.services import function_name

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import WaiterConfigTypeDef
    from types_boto3_lambda import LambdaClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

_BUCKETS = ("TIDEMARK_DATA_BUCKET", "TIDEMARK_PLOT_BUCKET")
_TABLES = {"TIDEMARK_HISTORY_TABLE": HISTORY, "TIDEMARK_LEDGER_TABLE": LEDGER}
_QUEUES = ("TIDEMARK_QUEUE_URL", "TIDEMARK_DLQ_URL", "TIDEMARK_RULE_DLQ_URL")
_PAUSE_SECONDS = 60
_BASELINE_SECONDS = 60
_SETTLE_SECONDS = 10.0
_QUIET_SECONDS = 0.3
_WAIT: "WaiterConfigTypeDef" = {"Delay": 1, "MaxAttempts": 30}


def reset(environment: Environment, progress: Progress) -> None:
    """Empty everything while the queue's mapping is paused; the functions, names and URLs stay. CommandError.

    A batch that is in flight may still write afterwards: the baseline, which compares every row with the listing, finds
    and heals that.
    """
    clients, names = Clients.of(environment.endpoint), environment.variables
    others = _other_buckets(clients.tables, names)
    with _paused(clients.functions, function_name("size-tracking", names), progress):
        objects = sum(_empty(clients.buckets, names[bucket]) for bucket in _BUCKETS)
        progress.say(f"{objects} objects deleted")
        # Both go before one comes again: a batch in flight would add a sample of the old ledger to the new history.
        for table in _TABLES:
            _delete(clients.tables, names[table])
        _settle(clients.queues, names["TIDEMARK_QUEUE_URL"])
        for queue in _QUEUES:
            if url := names.get(queue):
                clients.queues.purge_queue(QueueUrl=url)
        progress.say("the queues are empty, the dead letters too")
        for table, schema in _TABLES.items():
            _create(clients.tables, names[table], schema)
        progress.say("both tables are empty")
    for service in SERVICES:
        recycle(environment, service)
    for bucket in (names["TIDEMARK_DATA_BUCKET"], *others):
        message = ReconcileRequest(bucket).to_json()
        clients.queues.send_message(QueueUrl=names["TIDEMARK_QUEUE_URL"], MessageBody=message)
    progress.wait(
        "the data bucket's baseline", lambda: _no_baseline(clients, names), seconds=_BASELINE_SECONDS
    )


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


def _empty(client: "S3Client", bucket: str) -> int:
    deleted = 0
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
        versions = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if not versions:
            continue
        answer = client.delete_objects(
            Bucket=bucket,
            Delete={
                "Objects": [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in versions],
                "Quiet": True,
            },
        )
        if errors := answer.get("Errors"):
            raise CommandError(
                f"{errors[0].get('Key')} in {bucket} was not deleted: {errors[0].get('Message')}"
            )
        deleted += len(versions)
    return deleted


def _delete(client: "DynamoDBClient", name: str) -> None:
    """Delete a table, which takes as long for a million items as for none."""
    client.delete_table(TableName=name)
    client.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig=_WAIT)


def _create(client: "DynamoDBClient", name: str, schema: TableSchema) -> None:
    definition: Any = schema.definition()
    client.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **definition)
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig=_WAIT)
    if schema.time_to_live:
        client.update_time_to_live(
            TableName=name,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": schema.time_to_live},
        )


def _settle(client: "SQSClient", url: str) -> None:
    """Wait until no more of the deletions' events arrive; what comes later is looked at and changes nothing."""
    before, deadline = -1, time.monotonic() + _SETTLE_SECONDS
    while time.monotonic() < deadline:
        attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        now = int(attributes["Attributes"]["ApproximateNumberOfMessages"])
        if now == before:
            return
        before = now
        time.sleep(_QUIET_SECONDS)


def _other_buckets(client: "DynamoDBClient", names: Mapping[str, str]) -> list[str]:
    """Return the tracked buckets besides the data bucket, whose objects are not ours to delete."""
    pages = client.get_paginator("query").paginate(
        TableName=names["TIDEMARK_LEDGER_TABLE"],
        KeyConditionExpression="pk = :every AND begins_with(sk, :row)",
        ExpressionAttributeValues={":every": {"S": keys.EVERY_BUCKET}, ":row": {"S": keys.BUCKET_ROW}},
        ConsistentRead=True,
    )
    rows = [item["sk"]["S"] for page in pages for item in page["Items"]]
    tracked = [row.removeprefix(keys.BUCKET_ROW) for row in rows]
    return [bucket for bucket in tracked if bucket != names["TIDEMARK_DATA_BUCKET"]]


def _no_baseline(clients: Clients, names: Mapping[str, str]) -> str | None:
    text, well = health.history(clients.tables, names)
    return None if well else text


def _command(options: argparse.Namespace) -> int:
    state = StateDirectory.at(options.state)
    with state.alone():
        environment = running(state)
        try:
            reset(environment, Progress())
        except (BotoCoreError, ClientError, WaiterError) as error:
            raise CommandError(
                f"{' '.join(str(error).split())}: make local-down local-up starts anew"
            ) from error
    print("reset: everything is empty, the baseline is taken; names and URLs are as they were")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(prog="reset", description="Empty the local environment's data.")
    parser.add_argument("--state", default=DEFAULT, metavar="DIRECTORY", help="default: %(default)s")
    return run("reset", lambda: _command(parser.parse_args(arguments)))


if __name__ == "__main__":
    sys.exit(main())
