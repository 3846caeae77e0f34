"""Writes the section of docs/benchmarks.md about the read API."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles

from plotting import page
from tests.bench.api_world import PREFIXES
from tests.bench.report import circumstances, table

SAMPLES = 60
"""Samples of the measured bucket, one second apart."""
WINDOW = 60
"""Seconds of the windows."""
PICTURE = "GET /plot"
DRAWN = {PICTURE, "GET /plot?format=svg", "POST /plot"}


@dataclass
class Measured:
    """Figures of one route: seconds in the handler and over HTTP, requests to DynamoDB, and the bytes of the answer."""

    handler: list[float] = field(default_factory=list)
    http: list[float] = field(default_factory=list)
    reads: Counter[str] = field(default_factory=Counter)
    size: int = 0


def _p50_p95(seconds: Sequence[float]) -> tuple[str, str]:
    """Return both percentiles in milliseconds."""
    cuts = quantiles(seconds, n=100, method="inclusive") if len(seconds) > 1 else list(seconds) * 99
    return f"{cuts[49] * 1000:,.1f}", f"{cuts[94] * 1000:,.1f}"


def _ratio(slow: Sequence[float], fast: Sequence[float]) -> float:
    return median(slow) / median(fast)


def report(
    warm: Mapping[str, Measured],
    long: Mapping[str, Counter[str]],
    ranges: str,
    cold: Mapping[str, Sequence[float]],
    drawn: Mapping[str, tuple[Sequence[float], Sequence[float]]],
) -> str:
    """Return the section; `ranges` is the table of any range, `drawn` holds our seconds and pyplot's."""
    packed = page.packed()
    long_rows = (
        (f"`{name}`", one["GetItem"] + one["BatchGetItem"], one["Query"]) for name, one in long.items()
    )
    cold_rows = ((name, f"{median(one):.2f}", f"{min(one):.2f}") for name, one in cold.items())
    drawn_rows = (
        (name, *_p50_p95(ours), *_p50_p95(pyplots), f"{_ratio(pyplots, ours):.1f}")
        for name, (ours, pyplots) in drawn.items()
    )
    return f"""## The read API

`make bench-api`. {circumstances()}

### Warm

{_warm_table(warm)}

{_goals(warm, drawn)}

Milliseconds. The bucket has {SAMPLES} samples and {PREFIXES} prefixes, and windows are {WINDOW} s. In the handler means the function's code against the
DynamoDB engine, without a gateway. Over HTTP means the local environment, where LocalStack, the engine and the function share the
processors. The last columns say how many times faster than the PNG a route answers. Before each request named "changed" the bucket
changes, so its prefixes are read again with a query for each of 16 shards. The requests to DynamoDB are those of a function's first
answer; each is one page. A picture's bytes are in base64, as API Gateway gets them.

### Any range

{ranges}

### Many samples

{table(("answer", "by key:", "queries:"), long_rows)}

5,000 samples of 1 kB, so a thousand samples fill a page of 1 MB. `tests/unit/plotting/test_reading.py` holds every range to its maximum of
requests and bytes.

### Cold

{table(("first answer", "median:", "fastest:"), cold_rows)}

Seconds from the start of a process to the end of its first answer, in the service's own environment.

### Drawing

{table(("chart", "ours p50:", "p95:", "pyplot p50:", "p95:", "ours is faster by:"), drawn_rows)}

Milliseconds for one PNG of 1,200 by 675 pixels. pyplot's version is the obvious way to write it (`tests/bench/pyplot_chart.py`). It draws
the same samples, or the same hours with their band.

### The page

{len(packed.text.encode()):,} bytes, of which a browser downloads {len(packed.compressed):,} in one request."""


def _goals(warm: Mapping[str, Measured], drawn: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> str:
    """Compare with the goals: data three times faster than the picture, the picture no slower than pyplot's."""
    picture, data = warm[PICTURE], {name: one for name, one in warm.items() if name not in DRAWN}
    slowest = max(data, key=lambda name: median(data[name].handler))
    slow = data[slowest]
    least = min(_ratio(pyplots, ours) for ours, pyplots in drawn.values())
    return (
        f"Of the routes without a picture, `{slowest}` is slowest. In the handler it is {_ratio(picture.handler, slow.handler):.1f} "
        f"times faster than the picture (goal: 3). Over HTTP it is {_ratio(picture.http, slow.http):.1f} times faster, because both "
        f"include the emulator's own time. The picture is at least {least:.1f} times as fast as pyplot's (goal: 1)."
    )


def _warm_table(measured: Mapping[str, Measured]) -> str:
    picture, rows = measured[PICTURE], []
    for name, one in measured.items():
        ratios = (_ratio(picture.handler, one.handler), _ratio(picture.http, one.http))
        faster = ("" if name in DRAWN else f"{ratio:.1f}" for ratio in ratios)
        figures = (*_p50_p95(one.handler), *_p50_p95(one.http), one.reads.total(), f"{one.size:,}")
        rows.append((f"`{name}`", *figures, *faster))
    columns = (
        "route", "handler p50:", "p95:", "HTTP p50:", "p95:", "DynamoDB requests:", "bytes:", "PNG / it, handler:",
        "PNG / it, HTTP:",
    )  # fmt: skip
    return table(columns, rows)
