"""Facts that the computed figures rest on: what AWS allows and how long it takes, each with its source."""

from collections.abc import Iterable
from dataclasses import dataclass

from infra_cdk.settings import QUEUE_PROFILES
from size_history import keys
from size_tracking.observer import OBSERVERS
from size_tracking.track_plan import ROOM
from tests.bench import report

_DYNAMODB_KEYS = "DynamoDB Developer Guide, designing partition keys"
_DYNAMODB_TRANSACTIONS = "DynamoDB Developer Guide, transactions: how it works"
_MEASURED = "measured: our processor time in docs/benchmarks.md (no TLS), rounded"
_ASSUMED = "assumed: typical within a region; AWS promises nothing, and it was not measured here"
_INDEXES = "as the local engine reports it; AWS writes indexes afterwards"
_LAMBDA_SQS = "Lambda Developer Guide, SQS: polling begins with five; assumed to stay so while idle"
_LOG_LINES = "counted from lines as Lambda writes them, overhead included"
_DYNAMODB_KEY = "DynamoDB Developer Guide, encryption at rest"
_IMAGES = "measured: docs/benchmarks.md, rounded; ECR bills compressed layers, so less"


@dataclass(frozen=True)
class Fact:
    """A number with its unit and its source."""

    name: str
    value: float
    unit: str
    source: str


PARTITION_WRITES = Fact("write units of one partition", 1000, "per second", _DYNAMODB_KEYS)
PARTITION_READS = Fact("read units of one partition", 3000, "per second", _DYNAMODB_KEYS)
TRANSACTION_FACTOR = Fact("write units of a transaction", 2, "per KB of an item", _DYNAMODB_TRANSACTIONS)
INDEX_FACTOR = Fact("write units of an index", 1, "per KB of an item", _INDEXES)
READ_UNIT_BYTES = Fact("size of a read unit", 4096, "bytes", "Amazon DynamoDB pricing, on-demand")
LIST_PAGE = Fact("objects of one LIST", 1000, "objects", "S3 API Reference, ListObjectsV2")
RECEIVE_LIMIT = Fact("messages of one receive or delete", 10, "messages", "SQS API Reference, ReceiveMessage")
LAMBDA_CPU_MIB = Fact("memory that comes with one processor", 1769, "MiB", "Lambda Developer Guide, memory")
MAX_INVOCATION = Fact("maximum time of an invocation", 900, "seconds", "Lambda Developer Guide, quotas")

READ_SECONDS = Fact("BatchGetItem, GetItem, Query", 0.005, "seconds", _ASSUMED)
COMMIT_SECONDS = Fact("TransactWriteItems", 0.020, "seconds", _ASSUMED)
WRITE_SECONDS = Fact("PutItem", 0.005, "seconds", _ASSUMED)
HEAD_SECONDS = Fact("HEAD", 0.025, "seconds", _ASSUMED)
LIST_SECONDS = Fact("LIST of a full page", 0.100, "seconds", _ASSUMED)
SEND_SECONDS = Fact("SendMessage", 0.010, "seconds", _ASSUMED)

AWS = tuple(value for value in globals().values() if isinstance(value, Fact))
"""The facts of AWS: all of those above, in this order."""

CPU_PER_KEY = Fact("our processor time of a key (its HEAD)", 0.0015, "seconds", _MEASURED)
CPU_PER_CHUNK = Fact("our other processor time of a chunk", 0.008, "seconds", _MEASURED)

MONTH_DAYS = Fact("days of a month", 365 / 12, "days", "730 hours, as AWS counts a month")
POLLERS = Fact("simultaneous long polls of an idle queue", 5, "polls", _LAMBDA_SQS)
POLL_SECONDS = Fact("maximum time of a poll", 20, "seconds", "SQS API Reference, ReceiveMessage")
ITEM_OVERHEAD = Fact("stored with each item and each index entry", 100, "bytes", "Amazon DynamoDB pricing")
LOG_LINE_OVERHEAD = Fact("billed with each line of a log", 26, "bytes", "CloudWatch Logs User Guide, quotas")
PLATFORM_LOG = Fact("START, END and REPORT of an invocation", 350, "bytes", _LOG_LINES)
TABLE_KEY_SECONDS = Fact("time that a table's key is cached", 300, "seconds", _DYNAMODB_KEY)
IMAGES_GB = Fact("images of all three functions, uncompressed, each with its base", 0.7, "GB", _IMAGES)
ANSWER_SECONDS = Fact("answering from the tables", 0.05, "seconds", _ASSUMED)
CHECK_SECONDS = Fact("one of the two invocations of a check", 0.2, "seconds", _ASSUMED)
PICTURE_SECONDS = Fact("drawing a picture", 0.5, "seconds", _ASSUMED)
PICTURE_GB = Fact("size of a picture", 60e-6, "GB", "measured: docs/images/plot.png, rounded up")

STANDING = tuple(
    value
    for value in globals().values()
    if isinstance(value, Fact) and value not in {*AWS, CPU_PER_KEY, CPU_PER_CHUNK}
)
"""The facts that only the monthly bill uses."""

TRACKER_MIB = 512
"""Memory of the tracking function. A test compares it with the template's."""

CHUNK_KEYS = ROOM - 1

OURS = (
    Fact(
        "keys of one chunk with one prefix, and so of one transaction",
        CHUNK_KEYS,
        "keys",
        "size_tracking.track_plan",
    ),
    Fact("simultaneous HEADs", OBSERVERS, "requests", "size_tracking.observer"),
    Fact("shards of a bucket's rows", keys.SHARDS, "partition keys", "size_history.keys"),
    Fact("memory of the tracker", TRACKER_MIB, "MiB", "infra_cdk.lambda_stack"),
    CPU_PER_KEY,
    CPU_PER_CHUNK,
    *(
        Fact(f"{name} profile: {what}", value, unit, "infra_cdk.settings")
        for name, profile in QUEUE_PROFILES.items()
        for what, value, unit in (
            ("batch", profile.batch_size, "messages"),
            ("window", profile.window_seconds, "seconds"),
            ("concurrency", profile.concurrency, "batches"),
        )
    ),
)


def table(facts: Iterable[Fact]) -> str:
    """Return facts as a Markdown table."""
    rows = ((fact.name, f"{fact.value:,g}", fact.unit, fact.source) for fact in facts)
    return report.table(("what", "value:", "unit", "source"), rows)


def waiting_seconds(keys_: int) -> float:
    """Return how long one chunk waits for AWS: for rows, HEADs, totals and peak, and the commit, one after another."""
    rounds = -(-keys_ // OBSERVERS)
    return 2 * READ_SECONDS.value + rounds * HEAD_SECONDS.value + COMMIT_SECONDS.value


def cpu_seconds(keys_: int, memory_mib: float = TRACKER_MIB) -> float:
    """Return the processor time of one chunk, on the share of a processor that comes with the memory (at most one)."""
    share = min(1.0, memory_mib / LAMBDA_CPU_MIB.value)
    return (CPU_PER_CHUNK.value + keys_ * CPU_PER_KEY.value) / share


def chunk_seconds(keys_: int, memory_mib: float = TRACKER_MIB) -> float:
    """Return the maximum time of one chunk: its waiting and its processor time, as if they never overlapped."""
    return waiting_seconds(keys_) + cpu_seconds(keys_, memory_mib)
