"""The cost benchmark's figures as tables, and the goals that they must reach."""

from dataclasses import dataclass

from tests.bench import facts, prices, report
from tests.bench.bill import (
    SERVICES,
    Usage,
    dollars_per_million,
    lister_seconds,
    lister_usage,
    lister_usage_at,
    tracker_usage,
)
from tests.bench.counting import Counted

LARGE = 1_000_000
MIN_RATIO = 20
"""The default batch must process this many times the lister's events per second at GOAL_OBJECTS objects."""
GOAL_OBJECTS = 10_000
MAX_REQUESTS = {1: 4.0, 10: 1.6}
"""Maximum number of requests per event, by batch size."""


@dataclass
class Measured:
    """What a tracker did: its events, their seconds (also of our processor time and the engine's) and their requests."""

    objects: int
    batch: int
    events: int = 0
    seconds: float = 0
    cpu: float = 0
    engine_cpu: float = 0
    counted: Counted = Counted()  # noqa: RUF009  # frozen, and only ever replaced

    @property
    def name(self) -> str:
        """This tracker at a batch size."""
        return "Tidemark, one by one" if self.batch == 1 else f"Tidemark, batches of {self.batch}"

    @property
    def requests(self) -> float:
        """Requests per event."""
        return self.counted.total / self.events

    @property
    def rate(self) -> float:
        """Events per second."""
        return self.events / self.seconds

    @property
    def processor(self) -> float:
        """Seconds of processor time per event, of our process and the engine's together."""
        return (self.cpu + self.engine_cpu) / self.events


Rows = list[tuple[list[Measured], Measured]]
"""At each number of objects: this tracker by batch size, and the lister."""


def page(rows: Rows) -> str:
    """Return the whole section."""
    return f"""## Cost per event

`make bench`. {report.circumstances()}

{_speed(rows)}

Events per second are those of one tracker in one process, against the local engine, which is also one process. The time does not
include the puts behind the events. Processor time is in ms per event, of our process and of the engine's. The last column compares
the sums of both, which other work on the machine disturbs least.

### The bill of a million events, in US dollars

{_bills(rows)}

{_bill_notes(rows)}

### Prices

{prices.REGION}; {prices.CHECKED}. Sources disagree about EventBridge (some say that S3's events are free). Both trackers pay the higher price here.

{prices.table()}"""


def missed(rows: Rows) -> list[str]:
    """Return one line for every goal that the figures miss."""
    lines = []
    for ours, lister in rows:
        for measured in ours:
            maximum = MAX_REQUESTS.get(measured.batch)
            if maximum is not None and measured.requests > maximum:
                lines.append(
                    f"{measured.requests:.2f} requests per event at batch {measured.batch}, the maximum is {maximum}"
                )
            ratio = measured.rate / lister.rate
            if measured.batch == 10 and measured.objects == GOAL_OBJECTS and ratio < MIN_RATIO:
                lines.append(f"{ratio:.1f} times list-per-event at {GOAL_OBJECTS:,} objects, not {MIN_RATIO}")
    return lines


def _speed(rows: Rows) -> str:
    columns = (
        "objects:", "tracker", "events:", "requests/event:", "ms/event:", "processor: ours + engine's:", "events/s:",
        "times the lister's:", "by processor:",
    )  # fmt: skip
    cells = []
    for ours, lister in rows:
        for name, one in (("list-per-event", lister), *((measured.name, measured) for measured in ours)):
            ms = 1000 / one.events
            cells.append(
                (
                    f"{one.objects:,}",
                    name,
                    one.events,
                    f"{one.requests:.2f}",
                    f"{one.seconds * ms:,.1f}",
                    f"{one.cpu * ms:,.1f} + {one.engine_cpu * ms:,.1f}",
                    f"{one.rate:,.1f}",
                    f"{one.rate / lister.rate:,.1f}",
                    f"{lister.processor / one.processor:,.1f}",
                )
            )
    return report.table(columns, cells)


def _bills(rows: Rows) -> str:
    ours, lister = rows[-1]
    listed = lister_usage(lister.counted, events=lister.events, cpu=lister.cpu / lister.events)
    at = [_total(lister_usage_at(size, listed)) for size in (GOAL_OBJECTS, LARGE)]
    columns = (
        "tracker",
        *(f"{name}:" for name in (*SERVICES, "sum", "list-per-event at 10⁴ objects costs", "at 10⁶")),
    )
    cells = []
    for one in ours:
        usage = tracker_usage(one.counted, events=one.events, batch=one.batch, cpu=one.cpu / one.events)
        times = (f"{total / _total(usage):,.0f} times that" for total in at)
        cells.append((one.name, *_dollars(usage), *times))
    for size in (1_000, GOAL_OBJECTS, 100_000, LARGE):
        name = f"list-per-event, {size:,} objects"
        cells.append((name, *_dollars(lister_usage_at(size, listed)), "", ""))
    return report.table(columns, cells)


def _bill_notes(rows: Rows) -> str:
    _, lister = rows[-1]
    maximum = int(facts.MAX_INVOCATION.value / facts.LIST_SECONDS.value * facts.LIST_PAGE.value)
    return f"""Computed from the counted requests and from the capacity that the engine reported for them. Lambda's time is not the emulator's: it
is the waiting that docs/scale.md assumes for AWS, plus our processor time as measured here, stretched to the share of a processor
that comes with {facts.TRACKER_MIB} MiB. List-per-event is invoked directly by its rule and pays for no queue. Above {lister.objects:,} objects its LISTs are
computed (one per 1,000 objects), and its time grows in proportion. At 10⁶ objects one event waits {lister_seconds(LARGE):,.0f} s for S3 alone. Beyond {maximum:,}
objects that is longer than an invocation may last. No bill includes storage, logs, the free tier or the polls of an idle queue."""


def _dollars(usage: Usage) -> list[str]:
    bill = dollars_per_million(usage)
    return [*(f"{bill[service]:,.2f}" for service in SERVICES), f"**{_total(usage):,.2f}**"]


def _total(usage: Usage) -> float:
    return sum(dollars_per_million(usage).values())
