"""Steps in words."""

import json
from typing import Any

from size_history.items import Totals
from size_history.sources import Source
from size_tracking.values import ObjectRow, Observation, Run, Transaction


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
        parts.append(f"sample of {transaction.sample.total_size}")
    if transaction.peak:
        parts.append(f"peak of {transaction.peak.size}")
    if transaction.run:
        parts.append("the end of the run" if transaction.run.ended else "the end of a pass of the run")
    if transaction.source:
        parts.append(describe_source(transaction.source))
    return ", ".join(parts)


def describe_message(body: str) -> str:
    """Return a message in words."""
    message = json.loads(body)
    if "detail" in message:
        return f"the event of {message['detail']['object']['key']}"
    if "buckets" in message:
        return "the check"
    if "run_id" in message:
        return f"the step of {message['run_id']} from {message['cursor']!r}"
    if "bucket" in message:
        return f"the request to reconcile {message['bucket']}"
    return "the request to reconcile every bucket"


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
