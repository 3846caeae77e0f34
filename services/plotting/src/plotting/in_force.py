"""The total in force at an instant: by the samples that are kept, and beyond them by the minutes."""

from dataclasses import dataclass

from plotting.history import History
from plotting.rollups import Rollups
from size_history.items import Rollup, Totals
from size_history.rollups import Point, Unit


class RollupsMissingError(Exception):
    """An answer needs the rollups of a bucket, which are still being made. The message names the bucket."""

    def __init__(self, bucket: str) -> None:
        super().__init__(f"the rollups of bucket {bucket} are still being made")
        self.bucket = bucket


@dataclass(frozen=True, slots=True)
class InForce:
    """Finds totals in force; samples before `horizon` (microseconds since 1970) may have expired."""

    history: History
    rollups: Rollups

    def at(self, bucket: str, instant: int, totals: Totals, horizon: int) -> Point | None:
        """Return the last total not after an instant; None if there was none yet. Raises RollupsMissingError.

        Before the horizon this is the last one that is known: totals between those of a minute's minimum, maximum and
        last sample are not. The start of a minute always has the exact one.
        """
        if 0 < totals.last_time <= instant:
            return totals.last
        sample = self.history.sample_before(bucket, instant + 1) if instant >= horizon else None
        if sample is not None and sample.time >= horizon:
            return sample.point
        if horizon == 0:
            return None
        if totals.open is None:
            raise RollupsMissingError(bucket)
        # An open minute that begins later has no point up to the instant.
        minutes = [*self.rollups.last_minutes(bucket, instant), *open_minute(totals)]
        known = (point for minute in minutes for point in points_of(minute) if point.time <= instant)
        return max(known, key=time_of, default=None)


def open_minute(totals: Totals) -> list[Rollup]:
    """Return the open minute, if there is a sample."""
    return [totals.open_rollup(Unit.MINUTE)] if totals.open else []


def points_of(rollup: Rollup) -> tuple[Point, ...]:
    """Return the totals of an interval that are known: a lowest, a highest and the last one."""
    return (rollup.interval.minimum, rollup.interval.maximum, rollup.last)


def time_of(point: Point) -> int:
    """Return when a total began."""
    return point.time
