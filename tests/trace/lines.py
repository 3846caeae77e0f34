"""The lines of the tracker's trace (see `size_tracking/trace.py`), read back as values."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from size_history import items
from size_tracking import trace


class Row(NamedTuple):
    """One object row that an attempt writes: revisions, and bytes before and after (None: no object)."""

    digest: str
    read: int
    written: int
    before: int | None
    after: int | None


class Totals(NamedTuple):
    """The totals that an attempt writes."""

    revision: int
    size: int
    count: int
    created: int
    overwritten: int
    removed: int
    maximum: int
    last_time: int
    state: str

    @classmethod
    def of(cls, totals: items.Totals) -> "Totals":
        """Return the Ledger's totals as the trace writes them."""
        return cls(
            totals.revision,
            totals.size,
            totals.count,
            totals.created,
            totals.overwritten,
            totals.removed,
            totals.max_size,
            totals.last_time,
            totals.state.value,
        )


class Sample(NamedTuple):
    """The sample that an attempt writes."""

    time: int
    size: int
    count: int


class Rollup(NamedTuple):
    """A closed interval that an attempt writes."""

    unit: str
    start: int
    minimum: Sample
    maximum: Sample
    sample_cnt: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """A transaction that the tracker was about to send."""

    id: str
    bucket: str
    rows: tuple[Row, ...] = ()
    totals: Totals | None = None
    sample: Sample | None = None
    peak: int | None = None
    run: int | None = None
    open: tuple[int, ...] | None = None
    """The numbers of samples of the open intervals; None if they are unknown."""
    rollups: tuple[Rollup, ...] = ()

    @property
    def size_delta(self) -> int:
        """Return by how many bytes its rows change the bucket."""
        return sum((row.after or 0) - (row.before or 0) for row in self.rows)

    @property
    def count_delta(self) -> int:
        """Return by how many objects its rows change the bucket."""
        return sum((row.after is not None) - (row.before is not None) for row in self.rows)


@dataclass
class Trace:
    """The attempts by id, in any order, and the ids of those that are known to be committed."""

    attempts: dict[str, Attempt] = field(default_factory=dict)
    committed: set[str] = field(default_factory=set)

    def read(self, message: str) -> None:
        """Take in a line; one that comes twice counts once, and one that is not of the trace is left out."""
        start = message.find('{"trace":')
        if start < 0:
            return
        line = json.loads(message[start:])
        if line.pop("trace") == "committed":
            self.committed.add(line["id"])
        else:
            self.attempts[line["id"]] = _attempt(**line)


def _attempt(
    *,
    rows: Any = (),
    totals: Any = None,
    sample: Any = None,
    open: Any = None,  # noqa: A002  # the name in the line
    rollups: Any = (),
    **rest: Any,
) -> Attempt:
    return Attempt(
        open=None if open is None else tuple(open),
        rollups=tuple(
            Rollup(unit, start, Sample(*minimum), Sample(*maximum), count)
            for unit, start, minimum, maximum, count in rollups
        ),
        rows=tuple(Row(*row) for row in rows),
        totals=Totals(*totals) if totals else None,
        sample=Sample(*sample) if sample else None,
        **rest,
    )


class _Listener(logging.Handler):
    def __init__(self, trace_: Trace) -> None:
        super().__init__()
        self._trace = trace_

    def emit(self, record: logging.LogRecord) -> None:
        self._trace.read(record.getMessage())


@contextmanager
def listening(trace_: Trace) -> Iterator[Trace]:
    """Take in what the tracker traces in this process while the block lasts, and nothing else gets it."""
    listener, before = _Listener(trace_), (trace.log.level, trace.log.propagate)
    trace.log.addHandler(listener)
    trace.log.setLevel(logging.DEBUG)
    trace.log.propagate = False
    try:
        yield trace_
    finally:
        trace.log.removeHandler(listener)
        trace.log.setLevel(before[0])  # setLevel, because loggers remember what is enabled
        trace.log.propagate = before[1]
