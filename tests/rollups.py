"""What the rollups of some samples are, by their definition."""

from collections.abc import Sequence
from itertools import groupby

from size_history.items import Rollup, Sample
from size_history.rollups import Interval, OpenIntervals, Unit


def rollups_of(samples: Sequence[Sample]) -> tuple[list[Rollup], OpenIntervals]:
    """Return the closed intervals of some samples in time order, and the open ones: those of the last sample."""
    intervals = {unit: [_rollup(unit, group) for group in _groups(unit, samples)] for unit in Unit}
    closed = [rollup for each in intervals.values() for rollup in each[:-1]]
    return closed, tuple(each[-1].interval for each in intervals.values() if each)


def _groups(unit: Unit, samples: Sequence[Sample]) -> list[list[Sample]]:
    return [list(group) for _, group in groupby(samples, lambda sample: sample.time // unit.length)]


def _rollup(unit: Unit, samples: Sequence[Sample]) -> Rollup:
    sizes = [sample.total_size for sample in samples]
    lowest, highest = samples[sizes.index(min(sizes))], samples[sizes.index(max(sizes))]
    last = samples[-1]
    start = last.time // unit.length * unit.length
    return Rollup(
        unit,
        Interval(start, lowest.point, highest.point, len(samples)),
        last.point,
        last.created_cnt,
        last.overwritten_cnt,
        last.removed_cnt,
    )
