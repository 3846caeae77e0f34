"""The section of docs/benchmarks.md about the read API, from what was measured."""

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from plotting import page
from tests.bench.api_world import PREFIXES
from tests.bench.report import circumstances

SAMPLES = 60
WINDOW = 60
"""Samples of the bucket that is asked for, a second apart, and seconds of the windows."""
PICTURE = "GET /plot"
DRAWN = {PICTURE, "GET /plot?format=svg", "POST /plot"}


@dataclass
class Measured:
    """What one route took: seconds in the handler and over HTTP, DynamoDB requests and rows, bytes of the answer."""

    handler: list[float] = field(default_factory=list)
    http: list[float] = field(default_factory=list)
    reads: Counter[str] = field(default_factory=Counter)
    size: int = 0


def _p(seconds: Sequence[float], percent: int) -> str:
    """Return a percentile in milliseconds."""
    cuts = (
        statistics.quantiles(seconds, n=100, method="inclusive") if len(seconds) > 1 else list(seconds) * 99
    )
    return f"{cuts[percent - 1] * 1000:,.1f}"


def report(
    warm: Mapping[str, Measured],
    long: Mapping[str, Counter[str]],
    cold: Mapping[str, Sequence[float]],
    drawn: Mapping[str, tuple[Sequence[float], Sequence[float]]],
) -> str:
    """Return the section; `drawn` holds our seconds and pyplot's."""
    packed = page.packed()
    parts = (
        f"""## The read API

`make bench-api`. {circumstances()}

### Warm
""",
        _warm_table(warm),
        _goals(warm, drawn),
        f"""Milliseconds. A bucket with {SAMPLES} samples and {PREFIXES} prefixes, windows of {WINDOW} s. In the handler:
the function's code against the DynamoDB engine, no gateway; over HTTP: the local environment, where LocalStack, the engine
and the function share the processors. The last columns say how many times faster than the PNG a route answers.
Before each request named "changed" the bucket has changed: its prefixes are read anew, a query for each of 16 shards. The
requests to DynamoDB are of a function that has not been asked before; each is one page. A picture's bytes are in base64, as API Gateway gets them.

### Long ranges
""",
        _long_table(long),
        """5,000 samples of 1 kB, so a page of 1 MB for every thousand. What 100,000 take, in pages and in memory, a
stand-in for DynamoDB counts in `tests/unit/plotting/test_reading.py`.

### Cold
""",
        _cold_table(cold),
        """Seconds from the start of a process to the end of its first answer, in the service's own environment.

### Drawing
""",
        _drawing_table(drawn),
        f"""Milliseconds for one PNG of 1,200 by 675 pixels. pyplot's version is what one would write first
(`tests/bench/pyplot_chart.py`), given the same samples: thinned where ours are.

### The page

{len(packed.text.encode()):,} bytes, {len(packed.compressed):,} over the wire to a browser, in one request.""",
    )
    return "\n\n".join(part.strip() for part in parts)


def _goals(warm: Mapping[str, Measured], drawn: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> str:
    """Return how far the goals are met: data three times faster than the picture, the picture no slower than pyplot's."""
    picture, data = warm[PICTURE], {name: one for name, one in warm.items() if name not in DRAWN}
    slowest = max(data, key=lambda name: statistics.median(data[name].handler))
    in_handler = statistics.median(picture.handler) / statistics.median(data[slowest].handler)
    over_http = statistics.median(picture.http) / statistics.median(data[slowest].http)
    least = min(statistics.median(pyplots) / statistics.median(ours) for ours, pyplots in drawn.values())
    return (
        f"Of the routes without a picture, `{slowest}` is slowest: {in_handler:.1f} times faster than the picture in the "
        f"handler (goal: 3), {over_http:.1f} times over HTTP, where the emulator's own time is in both. The picture is at "
        f"least {least:.1f} times as fast as pyplot's (goal: 1)."
    )


def _warm_table(measured: Mapping[str, Measured]) -> str:
    picture = measured[PICTURE]
    lines = [
        "| route | handler p50 | p95 | HTTP p50 | p95 | DynamoDB requests | bytes | PNG / it, handler | PNG / it, HTTP |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, one in measured.items():
        faster = [
            f"{statistics.median(all_) / statistics.median(own):.1f}"
            for all_, own in ((picture.handler, one.handler), (picture.http, one.http))
        ]
        lines.append(
            f"| `{name}` | {_p(one.handler, 50)} | {_p(one.handler, 95)} | {_p(one.http, 50)} | {_p(one.http, 95)} "
            f"| {one.reads.total()} | {one.size:,} | {' | '.join('' if name in DRAWN else text for text in faster)} |"
        )
    return "\n".join(lines)


def _long_table(counted: Mapping[str, Counter[str]]) -> str:
    lines = ["| answer | by key | queries |", "|---|---:|---:|"]
    lines += [
        f"| `{name}` | {one['GetItem'] + one['BatchGetItem']} | {one['Query']} |"
        for name, one in counted.items()
    ]
    return "\n".join(lines)


def _cold_table(starts: Mapping[str, Sequence[float]]) -> str:
    lines = ["| first answer | median | fastest |", "|---|---:|---:|"]
    lines += [f"| {name} | {statistics.median(one):.2f} | {min(one):.2f} |" for name, one in starts.items()]
    return "\n".join(lines)


def _drawing_table(drawn: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> str:
    lines = [
        "| chart | ours p50 | p95 | pyplot p50 | p95 | ours is faster by |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, (ours, pyplots) in drawn.items():
        ratio = statistics.median(pyplots) / statistics.median(ours)
        lines.append(
            f"| {name} | {_p(ours, 50)} | {_p(ours, 95)} | {_p(pyplots, 50)} | {_p(pyplots, 95)} | {ratio:.1f} |"
        )
    return "\n".join(lines)
