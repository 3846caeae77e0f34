"""Traces every commit as log lines, from which the accounting of a run can be replayed and checked (tests/trace).

A transaction is one line before it is sent, with what it is about to write, and one line if it is known to be committed:

    {"trace": "attempt", "id": "9f86d081", "bucket": "data", "rows": [["a948904f2f0f", 0, 1764366170123456, null, 27]],
     "totals": [2, 27, 1, 1, 0, 0, 27, 1764366170123456, "live"], "sample": [1764366170123456, 27, 1], "peak": 27,
     "open": [1, 4, 90]}
    {"trace": "committed", "id": "9f86d081"}

A row has the digest of its key, the revision that was read, the one that is written, and the object's bytes before and
after (null: no object). The totals are their revision, bytes, objects, created, overwritten, removed, maximum, last time
and state; the sample is its time, bytes and objects; the peak is its bytes; the run is its revision. The open intervals
are their numbers of samples. A closed interval among the "rollups" is its unit and its start, time, bytes and objects of its
minimum, the same of its maximum, and its number of samples. What a transaction does not write is left out.
An attempt whose second line is missing may have been committed: its answer was lost, or its process died.
"""

import json
import logging
import secrets
from hashlib import blake2b
from typing import Any

from size_history.items import Totals
from size_history.rollups import Interval
from size_tracking.values import Transaction

log = logging.getLogger(__name__)
"""The level DEBUG turns the trace on. It has a logger of its own, so that it can be read, and left out, alone."""


def attempt(transaction: Transaction) -> str:
    """Log what a transaction is about to write, and return the id of the attempt."""
    if not log.isEnabledFor(logging.DEBUG):
        return ""
    id_ = secrets.token_hex(4)
    _write({"trace": "attempt", "id": id_, "bucket": transaction.bucket, **_written(transaction)})
    return id_


def committed(id_: str) -> None:
    """Log that an attempt is known to be committed."""
    if id_:
        _write({"trace": "committed", "id": id_})


def digest(key: str) -> str:
    """Return what stands for a key: short, and without what the key may tell."""
    return blake2b(key.encode(), digest_size=6).hexdigest()


def _write(line: dict[str, Any]) -> None:
    log.debug(json.dumps(line, separators=(",", ":")))


def _written(transaction: Transaction) -> dict[str, Any]:
    sample, fields = transaction.sample, dict[str, Any]()
    if transaction.rows:
        fields["rows"] = [
            [digest(row.key), row.read_revision, row.revision, row.size_before, row.seen.size]
            for row in transaction.rows
        ]
    if transaction.totals:
        fields["totals"] = _totals(transaction.totals)
    if sample:
        fields["sample"] = [sample.time, sample.total_size, sample.object_cnt]
    if transaction.peak:
        fields["peak"] = transaction.peak.size
    if transaction.run:
        fields["run"] = transaction.run.revision
    if transaction.totals and transaction.totals.open is not None:
        fields["open"] = [interval.sample_cnt for interval in transaction.totals.open]
    if transaction.rollups:
        fields["rollups"] = [
            [each.unit, each.interval.start, *_extremes(each.interval), each.interval.sample_cnt]
            for each in transaction.rollups
        ]
    return fields


def _extremes(interval: Interval) -> list[list[int]]:
    return [[point.time, point.size, point.count] for point in (interval.minimum, interval.maximum)]


def _totals(totals: Totals) -> list[int | str]:
    counters = (totals.created, totals.overwritten, totals.removed)
    return [
        totals.revision,
        totals.size,
        totals.count,
        *counters,
        totals.max_size,
        totals.last_time,
        totals.state,
    ]
