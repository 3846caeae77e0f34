"""The cost benchmark's figures as tables, and the bars that they must reach."""

from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from tests.bench.cost import Measured

Rows = "list[tuple[list[Measured], Measured]]"
LARGE = 1_000_000
LEAST_RATIO = 20
"""Times the lister's events per second that the default batch must reach at BAR_OBJECTS objects."""
BAR_OBJECTS = 10_000
MOST_REQUESTS = {1: 4.0, 10: 1.6}


def page(rows: "Rows") -> str:
    """Return the whole section."""
    return "\n\n".join(
        [
            "## Cost per event\n\n`make bench`. " + report.circumstances(),
            _speed(rows),
            (
                "Events a second are of one tracker in one process against the local engine, which is one process too; "
                "the overwrites behind the events are not in the time. Processor is in ms per event, of our process and of the "
                "engine's; the last column compares their sum, which other work on the machine disturbs least."
            ),
            "### The bill of a million events, in US dollars",
            _bills(rows),
            _bill_notes(rows),
            "### Prices",
            (
                f"{prices.REGION}; {prices.CHECKED}. Sources disagree on EventBridge (some call S3's events free): the "
                "dearer reading is taken, for both trackers."
            ),
            prices.table(),
        ]
    )


def missed(rows: "Rows") -> list[str]:
    """Return one line for every bar that the figures miss."""
    lines = []
    for ours, lister in rows:
        for measured in ours:
            requests, most = _requests(measured), MOST_REQUESTS.get(measured.batch)
            if most is not None and requests > most:
                lines.append(
                    f"{requests:.2f} requests per event at batch {measured.batch}, at most {most} allowed"
                )
            ratio = _rate(measured) / _rate(lister)
            if measured.batch == 10 and measured.objects == BAR_OBJECTS and ratio < LEAST_RATIO:
                lines.append(
                    f"{ratio:.1f} times list-per-event at {BAR_OBJECTS:,} objects, not {LEAST_RATIO}"
                )
    return lines


def _speed(rows: "Rows") -> str:
    lines = [
        "| objects | tracker | events | requests/event | ms/event | processor: ours + engine's | events/s | times the lister's | by processor |",
        "|---:|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for ours, lister in rows:
        lines.append(_speed_line("list-per-event", lister, lister))
        lines += [_speed_line(_name(measured.batch), measured, lister) for measured in ours]
    return "\n".join(lines)


def _speed_line(name: str, measured: "Measured", lister: "Measured") -> str:
    per = 1000 / measured.events
    return (
        f"| {measured.objects:,} | {name} | {measured.events} | {_requests(measured):.2f} | {measured.seconds * per:,.1f} | "
        f"{measured.cpu * per:,.1f} + {measured.engine_cpu * per:,.1f} | "
        f"{_rate(measured):,.1f} | {_rate(measured) / _rate(lister):,.1f} | {_lighter(measured, lister):,.1f} |"
    )


def _bills(rows: "Rows") -> str:
    ours, lister = rows[-1]
    listed = _lister_usage(lister)
    at = {size: _total(lister_usage_at(size, listed)) for size in (BAR_OBJECTS, LARGE)}
    lines = [
        f"| tracker | {' | '.join(SERVICES)} | sum | list-per-event at 10⁴ objects costs | at 10⁶ |",
        "|---|" + "---:|" * (len(SERVICES) + 3),
    ]
    for measured in ours:
        usage = tracker_usage(
            measured.counted,
            events=measured.events,
            batch=measured.batch,
            cpu=measured.cpu / measured.events,
        )
        times = " | ".join(f"{at[size] / _total(usage):,.0f} times that" for size in at)
        lines.append(f"| {_name(measured.batch)} | {_dollars(usage)} | {times} |")
    lines += [
        f"| list-per-event, {size:,} objects | {_dollars(lister_usage_at(size, listed))} | | |"
        for size in (1_000, BAR_OBJECTS, 100_000, LARGE)
    ]
    return "\n".join(lines)


def _bill_notes(rows: "Rows") -> str:
    _, lister = rows[-1]
    longest = int(facts.LAMBDA_LONGEST.value / facts.LIST_SECONDS.value * facts.LIST_PAGE.value)
    return (
        "Computed from the counted requests and the capacity that the engine reported for them. Lambda's time is not the "
        "emulator's: it is the waiting that docs/scale.md assumes of AWS, plus our processor time as measured here, at "
        f"the part of a processor that {facts.TRACKER_MIB} MiB get. List-per-event is invoked by its rule directly and "
        "pays for no queue. Above "
        f"{lister.objects:,} objects its LISTs are computed (one per 1,000 objects) and its time goes in proportion; "
        f"at 10⁶ objects one event waits {lister_seconds(LARGE):,.0f} s for S3 alone, beyond {longest:,} objects longer than "
        "an invocation may last. Not in any bill: storage, logs, the free tier, an idle queue's polls."
    )


def _lister_usage(lister: "Measured") -> Usage:
    return lister_usage(lister.counted, events=lister.events, cpu=lister.cpu / lister.events)


def _dollars(usage: Usage) -> str:
    bill = dollars_per_million(usage)
    return " | ".join(f"{bill[service]:,.2f}" for service in SERVICES) + f" | **{_total(usage):,.2f}**"


def _total(usage: Usage) -> float:
    return sum(dollars_per_million(usage).values())


def _requests(measured: "Measured") -> float:
    return measured.counted.total / measured.events


def _rate(measured: "Measured") -> float:
    return measured.events / measured.seconds


def _lighter(measured: "Measured", lister: "Measured") -> float:
    """Return how many times the processor time of an event the lister takes."""
    theirs, ours = (each.cpu + each.engine_cpu for each in (lister, measured))
    return (theirs / lister.events) / (ours / measured.events)


def _name(batch: int) -> str:
    return "Tidemark, one by one" if batch == 1 else f"Tidemark, batches of {batch}"
