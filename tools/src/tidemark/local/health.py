"""How a local environment is, asked of itself: functions, buckets, queues, and what its history says."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from size_history.items import State, Totals, totals_key
from tidemark.local import emulator
from tidemark.local.emulator import EmulatorError
from tidemark.local.variables import FUNCTIONS

if TYPE_CHECKING:  # a tenth of a second of modules that only a type checker needs
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing about an environment: what it is about, a line for a person, and whether it is as it should be."""

    about: str
    text: str
    healthy: bool = True


@dataclass(frozen=True, slots=True)
class Clients:
    """A client of the emulator for each service that is asked something."""

    functions: "LambdaClient"
    buckets: "S3Client"
    queues: "SQSClient"
    tables: "DynamoDBClient"

    @classmethod
    def of(cls, endpoint: str) -> "Clients":
        """Return clients of the emulator at an endpoint."""
        return cls(*(emulator.client(service, endpoint) for service in ("lambda", "s3", "sqs", "dynamodb")))


def look(endpoint: str, variables: Mapping[str, str]) -> list[Fact]:
    """Return what can be said about an environment, well or ill; never raises because it is ill."""
    try:
        emulator.require(endpoint)
    except EmulatorError as error:
        return [Fact("endpoint", str(error), healthy=False)]
    clients = Clients.of(endpoint)
    questions: list[tuple[str, Callable[[], tuple[str, bool]]]] = [
        ("functions", partial(functions, clients.functions, [variables[name] for name in FUNCTIONS])),
        ("data bucket", partial(_bucket, clients.buckets, variables["TIDEMARK_DATA_BUCKET"])),
        ("plot bucket", partial(_bucket, clients.buckets, variables["TIDEMARK_PLOT_BUCKET"])),
        ("queue", partial(_queue, clients.queues, variables["TIDEMARK_QUEUE_URL"])),
        ("dead letters", partial(_dead_letters, clients.queues, variables["TIDEMARK_DLQ_URL"])),
        ("history", partial(history, clients.tables, variables)),
    ]
    with ThreadPoolExecutor(max_workers=len(questions)) as pool:
        return list(pool.map(lambda question: _fact(*question), questions))


def functions(client: "LambdaClient", names: Sequence[str]) -> tuple[str, bool]:
    """Return which functions there are or which cannot be invoked yet, and whether all can."""
    states = {
        name: client.get_function_configuration(FunctionName=name).get("State", "unknown") for name in names
    }
    waiting = [f"{name} is {state}" for name, state in states.items() if state != "Active"]
    return ", ".join(waiting or names), not waiting


def totals(client: "DynamoDBClient", variables: Mapping[str, str]) -> Totals | None:
    """Return what the data bucket weighs by its ledger, or None before size-tracking has begun with it."""
    answer = client.get_item(
        TableName=variables["TIDEMARK_LEDGER_TABLE"],
        Key=totals_key(variables["TIDEMARK_DATA_BUCKET"]),
        ConsistentRead=True,
    )
    return Totals.from_item(answer["Item"]) if "Item" in answer else None


def history(client: "DynamoDBClient", variables: Mapping[str, str]) -> tuple[str, bool]:
    """Return what the data bucket weighs by its totals, and whether its history has a baseline."""
    found = totals(client, variables)
    if found is None:
        return "no baseline yet: size-tracking has not begun with the data bucket", False
    weight = f"{found.size:,} bytes in {found.count:,} objects, {found.max_size:,} bytes at most"
    return f"{found.state}, {weight}", found.state == State.LIVE


def _bucket(client: "S3Client", name: str) -> tuple[str, bool]:
    client.head_bucket(Bucket=name)
    return name, True


def _queue(client: "SQSClient", url: str) -> tuple[str, bool]:
    return f"{_depth(client, url)} messages in {url}", True


def _dead_letters(client: "SQSClient", url: str) -> tuple[str, bool]:
    depth = _depth(client, url)
    return f"{depth} messages in {url}", depth == 0


def _depth(client: "SQSClient", url: str) -> int:
    attributes = client.get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    )["Attributes"]
    return sum(int(count) for count in attributes.values())


def _fact(about: str, question: Callable[[], tuple[str, bool]]) -> Fact:
    try:
        return Fact(about, *question())
    except (BotoCoreError, ClientError) as error:
        return Fact(about, " ".join(str(error).split()), healthy=False)
