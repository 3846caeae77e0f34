"""The way of the events from S3 to the queue, with ghost variables that the product cannot read.

The events are on or off. After they are switched on, S3 takes some minutes until every change sends one. A period begins
with every switch. It counts as checked once a check that looked during it has completed.
"""

from enum import Enum
from typing import NamedTuple

OFF = "its events are off"
"""The fault that a check finds."""


class Signal(Enum):
    """Whether a change sends its event."""

    ON = "arrive"
    TURNING = "may arrive"
    OFF = "do not arrive"


class Path(NamedTuple):
    """The event path. `lost` and `unseen` are the places of keys whose last change sent no event."""

    signal: Signal = Signal.ON
    period: int = 0
    checked: bool = True
    lost: frozenset[int] = frozenset()
    """Lost in an outage that a check has seen."""
    unseen: frozenset[int] = frozenset()
    """Lost in the current outage, which no check has seen yet."""
    delayed: tuple[tuple[int, int], ...] = ()
    """The messages under way, each after the instant (microseconds) at which it arrives."""

    @property
    def hears(self) -> bool:
        """Return whether nothing may be missing at rest: the events are on, and a check has found that, if they were off."""
        return self.signal is not Signal.OFF and (self.checked or self.period == 0)

    @property
    def in_seen_outage(self) -> bool:
        """Return whether a lost change belongs to an outage that a check has seen.

        When the events are turned on, the outage before has been seen. There is none before a bucket's first minutes.
        """
        return self.period > 0 and (self.checked or self.signal is Signal.TURNING)

    def after_change(self, place: int, *, heard: bool) -> "Path":
        """Return the path after a change of a key."""
        lost, unseen = self.lost - {place}, self.unseen - {place}
        if heard:
            return self._replace(lost=lost, unseen=unseen)
        if self.in_seen_outage:
            return self._replace(lost=lost | {place}, unseen=unseen)
        return self._replace(lost=lost, unseen=unseen | {place} if self.period else unseen)

    def switched(self) -> "Path":
        """Return the path after the events are switched off or on."""
        signal = Signal.TURNING if self.signal is Signal.OFF else Signal.OFF
        return self._replace(signal=signal, period=self.period + 1, checked=False)

    def seen(self, period: int | None) -> "Path":
        """Return the path after a check has completed that looked during this period (None: it was no check)."""
        if period != self.period or self.checked:
            return self
        return self._replace(checked=True, lost=self.lost | self.unseen, unseen=frozenset())

    def sent(self, messages: tuple[tuple[int, int], ...]) -> "Path":
        """Return the path with more messages under way."""
        return self._replace(delayed=tuple(sorted(self.delayed + messages))) if messages else self

    def later(self, now: int) -> tuple["Path", tuple[int, ...]]:
        """Return the path some minutes later, at `now`, and the messages that have arrived."""
        arrived = tuple(message for at, message in self.delayed if at <= now)
        under_way = tuple(entry for entry in self.delayed if entry[0] > now)
        signal = Signal.ON if self.signal is Signal.TURNING else self.signal
        return self._replace(signal=signal, delayed=under_way), arrived
