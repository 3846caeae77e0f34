"""Computes the full bill in docs/aws.md: a month of an idle deployment, a million events, what they leave, and reading.

python -m tests.bench.standing
"""

import sys
from collections import Counter
from dataclasses import dataclass

from infra_cdk.lambda_stack import PLOTTING
from infra_cdk.settings import TARGETS
from size_history.items import Item, Sample
from tests.bench import facts, inventory, prices, report
from tests.bench.adoption import reconcile_dollars, row_bytes
from tests.bench.bill import SERVICES, dollars_per_million, tracker_usage
from tests.bench.counting import Counted
from tests.bench.inventory import Inventory
from tests.bench.item_size import item_bytes, write_units
from tests.bench.prices import MILLION, Price

PAGE = report.ROOT / "docs" / "aws.md"
SECTION = "bill"
BATCHES = (1, 10, 48)
CHANGE_METRICS = ("TotalSize", "ObjectCount", "EventLag", "CommitConflicts")
"""The metrics that the tracker writes when a bucket changes."""
RECONCILE_METRICS = (
    "ReconcileCheckedKeys",
    "ReconcileHealedKeys",
    "ReconcileDrift",
    "ReconcileRefusedKeys",
    "DriftHealedKeys",
)
"""The metrics that a reconcile writes about its bucket when it ends."""
RECONCILE_METRICS_OF_ALL = ("ReconcileRefusedKeys", "DriftHealedKeys", "RollupDrift")
"""The metrics that it, and the daily check of rollups, write without the bucket."""
WATCH_METRICS = ("Heard", "UnheardBuckets")
"""The metrics that every check of the watch writes, so in every hour: one of each bucket, one of all."""
ANSWER_METRICS = ("AnswerTime",)
"""The metrics that plotting writes when a route answers."""
_FUNCTIONS = 3
_TABLES = 2
_KEY_BYTES = 60


@dataclass(frozen=True)
class Line:
    """One line of a bill: a number of units at a price."""

    service: str
    what: str
    units: float
    price: Price

    @property
    def dollars(self) -> float:
        """The cost of the line."""
        return self.units * self.price.dollars


def idle(found: Inventory) -> list[Line]:
    """Return a month in which nothing changes: one empty bucket, reconciled every day."""
    days = facts.MONTH_DAYS.value
    polls = facts.POLLERS.value * found.event_sources * days * 86400 / facts.POLL_SECONDS.value
    reconcile_metrics = len(RECONCILE_METRICS) + len(RECONCILE_METRICS_OF_ALL)
    hours, images = reconcile_metrics * days / prices.MONTH, facts.IMAGES_GB.value
    daily = Price("daily reconcile of an empty bucket", reconcile_dollars(1), "the requests' prices below")
    checks = days * 24 * 60 / TARGETS[inventory.TARGET].watch_minutes
    check = Price("check of one bucket", watch_dollars(), "the requests' prices below")
    watched = len(WATCH_METRICS)
    return [
        Line("CloudWatch", f"{found.alarms} alarms", found.alarms, prices.ALARM),
        Line("CloudWatch", f"{found.dashboards} dashboard", found.dashboards, prices.DASHBOARD),
        Line("CloudWatch", "metrics of the daily reconcile, one hour per day", hours, prices.CUSTOM_METRIC),
        Line("CloudWatch", f"{watched} metrics of the watch, of one bucket", watched, prices.CUSTOM_METRIC),
        Line("KMS", f"{found.keys} key, of the alarm topic", found.keys, prices.KMS_KEY),
        Line("SQS", f"{polls:,.0f} polls of the empty queue", polls, prices.SQS_REQUEST),
        Line(
            "ECR",
            f"{images:g} GB in {found.repositories} repositories, one push",
            images,
            prices.ECR_GB_MONTH,
        ),
        Line("S3, DynamoDB, SQS", f"{days:.0f} reconciles of an empty bucket", days, daily),
        Line("Lambda, S3, DynamoDB, SQS", f"{checks:,.0f} checks whether its events arrive", checks, check),
    ]


def watch_dollars() -> float:
    """Return the cost of one check: an invocation that fans out, and one that looks at one bucket and writes its row."""
    gigabyte_seconds = 2 * facts.CHECK_SECONDS.value * facts.TRACKER_MIB / 1024
    logged = (2 * facts.PLATFORM_LOG.value + 2 * _metrics_bytes()) / 1e9
    return (
        2 * prices.LAMBDA_REQUEST.dollars
        + gigabyte_seconds * prices.LAMBDA_GB_SECOND.dollars
        + prices.S3_LIST.dollars  # the account's buckets
        + prices.S3_HEAD.dollars  # the bucket's notifications
        + 2 * prices.DYNAMODB_READ.dollars
        + prices.DYNAMODB_WRITE.dollars
        # Two messages are sent, received and deleted, and the queue's policy is read.
        + 7 * prices.SQS_REQUEST.dollars
        + logged * (prices.LOG_GB.dollars + prices.LOG_GB_MONTH.dollars)
    )


def busy() -> list[Line]:
    """Return what a month adds if something changes and is read in every hour of it, besides the events."""
    metrics = len(CHANGE_METRICS) + len(ANSWER_METRICS)
    keys = _FUNCTIONS * _TABLES * prices.MONTH * 3600 / facts.TABLE_KEY_SECONDS.value
    return [
        Line("CloudWatch", f"{metrics} metrics, of one bucket and one route", metrics, prices.CUSTOM_METRIC),
        Line("KMS", f"at most {keys:,.0f} requests to the key of the tables", keys, prices.KMS_REQUEST),
    ]


def events(batch: int) -> dict[str, float]:
    """Return the bill of a million events by service, in batches of different keys, each with a prefix of its own."""
    transaction = facts.TRANSACTION_FACTOR.value
    sample = _sample(batch)
    written = transaction * (2 * batch + 1) + write_units(sample, transaction + facts.INDEX_FACTOR.value)
    counted = Counted(Counter({"s3.HeadObject": batch}), read_units=batch + 2, write_units=written)
    cpu = (facts.CPU_PER_CHUNK.value + batch * facts.CPU_PER_KEY.value) / batch
    made = dollars_per_million(tracker_usage(counted, events=batch, batch=batch, cpu=cpu))
    gigabytes = MILLION / batch * (facts.PLATFORM_LOG.value + _metrics_bytes()) / 1e9
    return made | {"CloudWatch Logs": gigabytes * (prices.LOG_GB.dollars + prices.LOG_GB_MONTH.dollars)}


def kept(batch: int, found: Inventory) -> tuple[float, dict[str, float]]:
    """Return what a million events leave in History forever: GB in table and index, and dollars per month."""
    rows = MILLION / batch
    row = item_bytes(_sample(batch)) + facts.ITEM_OVERHEAD.value
    return _stored(rows * row, rows * row, found.history_copies)


def rows(objects: int, found: Inventory) -> tuple[float, dict[str, float]]:
    """Return what this many objects take in the Ledger: GB, and dollars per month."""
    return _stored(objects * (row_bytes() + facts.ITEM_OVERHEAD.value), 0, found.ledger_copies)


def answers() -> list[tuple[str, list[Line]]]:
    """Return the cost of a thousand answers, of two kinds."""
    return [
        ("`GET /size`, 1,000 times", _answers(facts.ANSWER_SECONDS.value, read_units=4)),
        (
            "`POST /plot` and a transfer of the picture, 1,000 times",
            [
                *_answers(facts.PICTURE_SECONDS.value, read_units=10),
                Line("S3", "puts", 1000, prices.S3_LIST),
                Line("transfer", "GB out", 1000 * facts.PICTURE_GB.value, prices.OUT_GB),
            ],
        ),
    ]


def section(found: Inventory) -> str:
    """Return the section."""
    fixed, moving = _sum(idle(found)), _sum(busy())
    summary = report.table(
        ("a month, idle:", "with a million events one by one:", "in batches of 10:", "in batches of 48:"),
        [
            (
                f"{fixed:,.2f}",
                *(f"**{fixed + moving + sum(events(batch).values()):,.2f}**" for batch in BATCHES),
            )
        ],
    )
    reading = report.table(("", "dollars:"), ((what, f"{_sum(lines):.3f}") for what, lines in answers()))
    return f"""## What it costs

`python -m tests.bench.standing` computes this section from prod's templates and from the constants below (`tests/bench/prices.py`,
`tests/bench/facts.py`), and a test fails if it is out of date. US dollars, {prices.REGION}, without the free tier; a month has 730 hours. Nothing
here was measured on AWS.

{summary}

This does not include the storage and requests of the tracked objects, which cost the same without Tidemark. Nor does it include what the
month's events leave in the tables (below), reading, and the minutes of a delivery pipeline.

### Idle

{_lines(idle(found), "idle")}

### Added while something changes

AWS bills a custom metric for the hours in which it is written. Each further bucket or route adds its own metrics.

{_lines(busy(), "while it is busy")}

### A million events

Every event has a different key with a prefix of its own, which is the most expensive case, and no commit conflicts. Events that are
minutes apart form batches of 1, whatever the profile. Logs are kept for 30 days.

{_events()}

### What stays

History is kept forever, so every month adds this for everything that was recorded before. Each backup is a whole copy. The {found.history_copies:.0f} copies
of the history that its plan keeps cost {found.history_copies * prices.BACKUP_GB_MONTH.dollars:.2f} dollars per GB and month, which is the largest part; the {found.ledger_copies:.0f} copies of the ledger,
which a reconcile makes anew, cost {found.ledger_copies * prices.BACKUP_GB_MONTH.dollars:.2f}. Without the backup stack, point-in-time recovery still covers the last 35 days.

{_kept(found)}

### Reading

{reading}

### Constants

{facts.table(facts.STANDING)}

{prices.CHECKED[0].upper() + prices.CHECKED[1:]}. Sources disagree about EventBridge (some say that S3's events are free); the higher price is used:

{prices.table(prices.REQUESTS)}

{prices.STANDING_CHECKED[0].upper() + prices.STANDING_CHECKED[1:]}:

{prices.standing_table()}
"""


def _sample(batch: int) -> Item:
    """Return the sample of a commit that changed this many keys."""
    big = 10**12
    return Sample(
        "b" * 40, 1, big, big, big, big, big, big, ("k" * _KEY_BYTES,) * min(batch, 10), batch
    ).to_item()


def _metrics_bytes() -> float:
    """Return the size of the log line with an invocation's metrics, in CloudWatch's embedded format."""
    named = sum(
        len(f'{{"Name":"{name}","Unit":"Milliseconds"}},"{name}":123456789012,') for name in CHANGE_METRICS
    )
    frame = '{"_aws":{"Timestamp":1700000000000,"CloudWatchMetrics":[{"Namespace":"Tidemark","Dimensions":[["Bucket"]],'
    return len(frame) + len('"Metrics":[]}]},"Bucket":""}') + 40 + named + facts.LOG_LINE_OVERHEAD.value


def _stored(table_bytes: float, index_bytes: float, copies: float) -> tuple[float, dict[str, float]]:
    table, index = table_bytes / 1e9, index_bytes / 1e9
    return table + index, {
        "storage": (table + index) * prices.DYNAMODB_GB_MONTH.dollars,
        "point-in-time recovery": table * prices.PITR_GB_MONTH.dollars,
        "backups": table * copies * prices.BACKUP_GB_MONTH.dollars,
    }


def _answers(seconds: float, read_units: float) -> list[Line]:
    gigabyte_seconds = 1000 * seconds * PLOTTING.memory_mib / 1024
    return [
        Line("API Gateway", "requests", 1000, prices.API_REQUEST),
        Line("Lambda", "requests", 1000, prices.LAMBDA_REQUEST),
        Line("Lambda", "GB-seconds", gigabyte_seconds, prices.LAMBDA_GB_SECOND),
        Line("DynamoDB", "read units", 1000 * read_units, prices.DYNAMODB_READ),
    ]


def _sum(lines: list[Line]) -> float:
    return sum(line.dollars for line in lines)


def _lines(lines: list[Line], name: str) -> str:
    rows = [(line.service, line.what, f"{line.dollars:.2f}") for line in lines]
    total = ("", f"**{name}**", f"**{_sum(lines):.2f}**")
    return report.table(("service", "what", "dollars per month:"), [*rows, total])


def _events() -> str:
    names = (*SERVICES, "CloudWatch Logs")
    rows = []
    for batch in BATCHES:
        bill = events(batch)
        each = (f"{bill[name]:,.2f}" for name in names)
        rows.append((batch, *each, f"**{sum(bill.values()):,.2f}**"))
    return report.table(("batches of:", *(f"{name}:" for name in (*names, "sum"))), rows)


def _kept(found: Inventory) -> str:
    columns = ("storage", "point-in-time recovery", "backups")
    named = [(f"samples of a million events, batches of {batch}", kept(batch, found)) for batch in BATCHES]
    table = []
    for what, (gigabytes, bill) in [*named, ("rows of a million objects", rows(MILLION, found))]:
        each = (f"{bill[column]:.2f}" for column in columns)
        table.append((what, f"{gigabytes:.2f}", *each, f"**{sum(bill.values()):.2f}**"))
    return report.table(("what", "GB:", *(f"{column}:" for column in (*columns, "sum"))), table)


def write() -> None:
    """Write the section into docs/aws.md."""
    report.write_section(SECTION, section(inventory.of_prod()), PAGE)


if __name__ == "__main__":
    write()
    print(f"wrote {PAGE.relative_to(report.ROOT)}", file=sys.stderr)
