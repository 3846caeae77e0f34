"""Checks the intervals of a bucket's commits, in the order of their revisions, against the samples of the same commits."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from size_history.rollups import Unit
from tests.trace.lines import Attempt, Rollup, Sample


def wrong(commits: Sequence[Attempt]) -> Iterator[tuple[str, object]]:
    """Yield what is wrong with the intervals, and where. The revisions of the commits' totals follow each other."""
    samples: list[Sample] = []
    whole = bool(commits and commits[0].totals and commits[0].totals.revision == 1)
    for before, commit in pairwise(commits):
        if before.sample:
            samples.append(before.sample)
        for claim, found in _wrong(before, commit, samples):
            yield claim, (found, commit)
        for rollup in commit.rollups:
            within = [sample for sample in samples if _start(rollup, sample) == rollup.start]
            # The first sample of an interval may be older than the first line of the trace.
            right = _rollup(rollup, within) if within else None
            if (whole or len(within) < len(samples)) and rollup != right:
                yield "a closed interval is that of its samples", (rollup, right)


def _wrong(before: Attempt, commit: Attempt, samples: Sequence[Sample]) -> Iterator[tuple[str, object]]:
    closed = {rollup.unit: rollup for rollup in commit.rollups}
    if commit.sample is None or commit.open is None:
        if closed:
            yield "only a sample that joins known intervals closes some", closed
        return
    if before.open is None and before.sample:
        yield "unknown intervals stay unknown", before
        return
    due = _due(samples, commit.sample.time) if before.open else set()
    if set(closed) != due:
        yield "the intervals that end before a sample are closed with it", due
    counts = before.open or (0,) * len(Unit)
    joined = (1 if unit in due else count + 1 for unit, count in zip(Unit, counts, strict=True))
    if commit.open != tuple(joined):
        yield "a sample joins the open intervals", before.open


def _due(samples: Sequence[Sample], time: int) -> set[str]:
    """Return the units whose interval with the last sample ends before `time`."""
    last = samples[-1].time if samples else time
    return {unit.value for unit in Unit if unit.start_of(last) < unit.start_of(time)}


def _start(rollup: Rollup, sample: Sample) -> int:
    return Unit(rollup.unit).start_of(sample.time)


def _rollup(rollup: Rollup, samples: Sequence[Sample]) -> Rollup:
    """Return the interval of these samples."""
    sizes = [sample.size for sample in samples]
    lowest, highest = (samples[sizes.index(extreme)] for extreme in (min(sizes), max(sizes)))
    return Rollup(rollup.unit, rollup.start, lowest, highest, len(samples))
