"""The time and cost of adopting a bucket that is already large, step by step as the reconciler does it."""

from dataclasses import dataclass
from typing import ClassVar

from size_history import keys
from size_history.items import number, object_key, text
from tests.bench import facts, prices
from tests.bench.item_size import item_bytes

PAGE_KEYS = int(facts.LIST_PAGE.value)
_RUN_WRITES = 2
"""A step writes the run twice: it moves the cursor, then records that the next step was sent."""
_RUN_READS = 1


def row_bytes() -> int:
    """Return the size of a usual row: a key of 60 bytes, an MD5 as ETag, no version."""
    row = object_key("b" * 40, "k" * 60) | {"revision": number(1_800_000_000_000_000), "size": number(10**9)}
    row |= {"etag": text("e" * 34), "last_modified": text("2026-01-01T00:00:00Z"), "version_id": text("")}
    return item_bytes(row)


def steps(objects: int) -> int:
    """Return the number of steps of a run, one LIST each."""
    return -(-objects // PAGE_KEYS)


@dataclass(frozen=True)
class Adoption:
    """The adoption of a bucket: its number of objects, and the tracker's memory in MiB."""

    objects: int
    memory_mib: float

    SERVICES: ClassVar = ("SQS", "Lambda", "S3", "DynamoDB")

    @property
    def _chunks(self) -> int:
        return -(-PAGE_KEYS // facts.CHUNK_KEYS)

    def step_seconds(self) -> float:
        """Return the time of one step: list, query every shard, heal chunk by chunk, write the run, send the next step."""
        queries = keys.SHARDS * facts.READ_SECONDS.value
        chunks = self._chunks * facts.chunk_seconds(facts.CHUNK_KEYS, self.memory_mib)
        run = _RUN_READS * facts.READ_SECONDS.value + _RUN_WRITES * facts.WRITE_SECONDS.value
        return facts.LIST_SECONDS.value + queries + chunks + run + facts.SEND_SECONDS.value

    def seconds(self) -> float:
        """Return the time of all steps, one after another."""
        return steps(self.objects) * self.step_seconds()

    def dollars(self) -> dict[str, float]:
        """Return the bill by service, with one prefix per chunk, because keys come in order."""
        count = steps(self.objects)
        chunks = count * self._chunks
        factor = facts.TRANSACTION_FACTOR.value
        writes = factor * (self.objects + 2 * chunks) + _RUN_WRITES * count
        reads = self.objects + 2 * chunks + (keys.SHARDS + _RUN_READS) * count
        gb_seconds = self.seconds() * self.memory_mib / 1024
        return {
            "SQS": 3 * count * prices.SQS_REQUEST.dollars,
            "Lambda": count * prices.LAMBDA_REQUEST.dollars + gb_seconds * prices.LAMBDA_GB_SECOND.dollars,
            "S3": count * prices.S3_LIST.dollars + self.objects * prices.S3_HEAD.dollars,
            "DynamoDB": writes * prices.DYNAMODB_WRITE.dollars + reads * prices.DYNAMODB_READ.dollars,
        }


def reconcile_dollars(objects: int) -> float:
    """Return the cost of the requests of a reconcile that heals nothing: it lists every page and reads every row."""
    count = steps(objects)
    per_shard = -(-PAGE_KEYS // keys.SHARDS) * row_bytes()
    reads = keys.SHARDS * -(-per_shard // int(facts.READ_UNIT_BYTES.value)) + _RUN_READS
    s3 = prices.S3_LIST.dollars
    dynamodb = reads * prices.DYNAMODB_READ.dollars + _RUN_WRITES * prices.DYNAMODB_WRITE.dollars
    return count * (s3 + dynamodb + 3 * prices.SQS_REQUEST.dollars)
