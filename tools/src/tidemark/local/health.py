"""How a local environment is, asked of itself: functions, buckets, queues, and what its history says."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from size_history.items import State
from tidemark.aws import emulator
from tidemark.aws.bucket_checks import ABOUT, bucket_checks
from tidemark.aws.ledger import totals
from tidemark.checks import Check, failure, ok, warning
from tidemark.errors import CommandError, flat
from tidemark.local.variables import FUNCTIONS

if TYPE_CHECKING:  # a tenth of a second of modules that only a type checker needs
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

START_ANEW = "make local-down local-up"


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


def look(endpoint: str, variables: Mapping[str, str]) -> list[Check]:
    """Check what an environment says of itself; never raises because something is wrong."""
    try:
        emulator.require(endpoint)
    except CommandError as error:
        text, _, _ = str(error).rpartition(": ")
        return [failure("endpoint", text, "make local-down, then make local-up")]
    clients = Clients.of(endpoint)
    questions: dict[str, Callable[[str], Check]] = {
        "functions": lambda _: functions(clients.functions, variables),
        "data bucket": lambda about: _bucket(clients, about, variables["TIDEMARK_DATA_BUCKET"]),
        "plot bucket": lambda about: _bucket(clients, about, variables["TIDEMARK_PLOT_BUCKET"]),
        "queue": lambda about: _queue(clients, about, variables["TIDEMARK_QUEUE_URL"]),
        "dead letters": lambda about: _queue(clients, about, variables["TIDEMARK_DLQ_URL"]),
        "history": lambda _: history(clients.tables, variables),
    }
    with ThreadPoolExecutor(max_workers=len(questions)) as pool:
        return list(pool.map(_answer, questions.keys(), questions.values()))


def buckets(endpoint: str, variables: Mapping[str, str]) -> list[Check]:
    """Check whether every tracked bucket is live; never raises because something is wrong."""
    try:
        client = emulator.client("dynamodb", endpoint)
        return bucket_checks(client, variables["TIDEMARK_LEDGER_TABLE"], "local")
    except (BotoCoreError, ClientError) as error:
        return [failure(ABOUT, flat(error), START_ANEW)]


def functions(client: "LambdaClient", variables: Mapping[str, str]) -> Check:
    """Check whether every function can be invoked."""
    names = [variables[name] for name in FUNCTIONS]
    states = {
        name: client.get_function_configuration(FunctionName=name).get("State", "unknown") for name in names
    }
    waiting = [f"{name} is {state}" for name, state in states.items() if state != "Active"]
    if waiting:
        return failure("functions", ", ".join(waiting), START_ANEW)
    return ok("functions", ", ".join(names))


def history(client: "DynamoDBClient", variables: Mapping[str, str]) -> Check:
    """Check whether the data bucket's history has its baseline."""
    fix = "wait a moment; if it stays: make reconcile, and see make logs FN=size-tracking"
    found = totals(client, variables["TIDEMARK_LEDGER_TABLE"], variables["TIDEMARK_DATA_BUCKET"])
    if found is None:
        return warning("history", "no baseline yet: size-tracking has not begun with the data bucket", fix)
    weight = f"{found.size:,} bytes in {found.count:,} objects, {found.max_size:,} bytes at most"
    # Whether the numbers are current is another question: `buckets` answers it.
    return (
        ok("history", weight) if found.state == State.LIVE else warning("history", f"adopting, {weight}", fix)
    )


def _bucket(clients: Clients, about: str, name: str) -> Check:
    clients.buckets.head_bucket(Bucket=name)
    return ok(about, name)


def _queue(clients: Clients, about: str, url: str) -> Check:
    attributes = clients.queues.get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    )["Attributes"]
    depth = sum(int(count) for count in attributes.values())
    text = f"{depth} messages in {url}"
    if depth and about == "dead letters":
        return failure(about, text, "see why in make logs, then make redrive, or make reset")
    return ok(about, text)


def _answer(about: str, question: Callable[[str], Check]) -> Check:
    try:
        return question(about)
    except (BotoCoreError, ClientError) as error:
        return failure(about, flat(error), START_ANEW)
