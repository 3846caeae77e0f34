"""Steps in words."""

import json
from collections.abc import Iterable
from typing import Any

from size_history import messages
from size_history.items import Rollup, Sample, Totals
from size_history.sources import Source
from size_tracking.values import ObjectRow, Observation, Run, Transaction
from tests.property.model import messages as ours


def describe_size(size: int) -> str:
    """Return a size in words."""
    return "1 byte" if size == 1 else f"{size} bytes"


def describe_seen(seen: Observation) -> str:
    """Return an observation in words."""
    return "absent" if seen.size is None else describe_size(seen.size)


def describe_row(row: ObjectRow | None) -> str:
    """Return a row in words."""
    return f"{describe_seen(row.seen)}, revision {row.revision}" if row else "none"


def describe_totals(totals: Totals | None) -> str:
    """Return totals in words."""
    return f"{describe_size(totals.size)}, {totals.state}, revision {totals.revision}" if totals else "none"


def describe_source(source: Source | None) -> str:
    """Return a bucket's row in words."""
    return f"the bucket is {source.hearing} (revision {source.revision})" if source else "no row"


def describe_samples(samples: Iterable[Sample]) -> str:
    """Return samples in words."""
    return ", ".join(f"{sample.total_size} at {sample.time}" for sample in samples) or "none"


def describe_rollups(rollups: Iterable[Rollup]) -> str:
    """Return closed intervals in words."""
    found = (f"{each.unit} from {each.interval.start} of {each.interval.sample_cnt}" for each in rollups)
    return ", ".join(found) or "none"


def describe_run(run: Run | None) -> str:
    """Return a run in words."""
    if run is None:
        return "none"
    again = ", again" if run.again else ""
    ended = ", ended" if run.ended else ""
    return f"{run.run_id} at {run.cursor!r}{again}{ended}"


def describe_transaction(transaction: Transaction) -> str:
    """Return what a transaction writes, in words."""
    parts = [
        f"{write.key} = {describe_seen(write.seen)} (revision {write.read_revision} to {write.revision})"
        for write in transaction.rows
    ]
    if transaction.totals:
        parts.append(f"totals = {describe_size(transaction.totals.size)}, {transaction.totals.state}")
    if transaction.sample:
        parts.append(f"sample of {transaction.sample.total_size} at {transaction.sample.time}")
    if transaction.rollups:
        parts.append(describe_rollups(transaction.rollups))
    if transaction.peak:
        parts.append(f"peak of {transaction.peak.size}")
    if transaction.run:
        parts.append("the end of the run" if transaction.run.ended else "the end of a pass of the run")
    if transaction.source:
        parts.append(describe_source(transaction.source))
    return ", ".join(parts)


def describe_message(body: str) -> str:
    """Return a message in words."""
    match json.loads(body):
        case {"detail": detail}:
            text = f"the event of {detail['object']['key']}"
        case {"buckets": _}:
            text = "the check"
        case {"tidemark": messages.RECOMPUTE_ROLLUPS, "since": since}:
            text = f"the request to recompute rollups from {since} on"
        case {"tidemark": ours.READ, "start": start, "end": end}:
            text = f"the question about {start} to {end}"
        case {"run_id": run_id, "cursor": cursor}:
            text = f"the step of {run_id} from {cursor!r}"
        case {"bucket": bucket}:
            text = f"the request to reconcile {bucket}"
        case _:
            text = "the request to reconcile every bucket"
    return text


class Story:
    """A sequence of steps; handlers are named A, B, … in the order of their start."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._names: list[str] = []
        self._begun = 0

    def tell(self, step: Any) -> None:
        """Add the next `Step`."""
        handlers = step.raw[4]
        if len(handlers) > len(self._names):
            self._names.append(chr(ord("A") + self._begun))
            self._begun += 1
        actor = step.actor
        self.lines.append(step.says if actor is None else f"{self._names[actor]} {step.says}")
        stay = [entry for entry in zip(handlers, self._names, strict=True) if entry[0]]
        self._names = [name for _, name in sorted(stay)]
