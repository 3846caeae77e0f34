"""The checks of the tracked buckets, which status, doctor and validate print: one line for each that is not live."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from size_history import times
from size_history.sources import Hearing, Status
from tidemark.aws.ledger import Tracked, now_microseconds, tracked
from tidemark.checks import Check, Verdict, failure, ok, warning

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

ABOUT = "tracked"
MAX_NAMED = 5
"""Maximum number of buckets that get a check of their own; one more check counts the rest."""
_FAILURES = frozenset({Status.DEAF, Status.GONE})


def bucket_checks(client: "DynamoDBClient", ledger: str, target: str) -> list[Check]:
    """Check whether every tracked bucket is live, with two kinds of reads for any number of them."""
    return checks_of(tracked(client, ledger, now_microseconds()), target)


def checks_of(buckets: Mapping[str, Tracked], target: str) -> list[Check]:
    """Return a check for each of the first buckets that are not live, failures first, and one that counts the rest."""
    if not buckets:
        return [warning(ABOUT, "no bucket is tracked", f"make reconcile TARGET={target}, then repeat")]
    unwell = {name: check for name, each in buckets.items() if (check := _check(name, each, target))}
    if not unwell:
        return [ok(ABOUT, "1 bucket, live" if len(buckets) == 1 else f"{len(buckets):,} buckets, all live")]
    worst_first = sorted(unwell, key=lambda name: unwell[name].verdict is not Verdict.FAIL)
    named, rest = worst_first[:MAX_NAMED], worst_first[MAX_NAMED:]
    checks = [unwell[name] for name in named]
    if rest:
        counted = Counter(_state(buckets[name]) for name in rest)
        states = ", ".join(f"{count:,} {state}" for state, count in counted.most_common())
        lasting = any(unwell[name].verdict is Verdict.FAIL for name in rest)
        judge = failure if lasting else warning
        checks.append(judge(ABOUT, f"and {len(rest):,} more: {states}", "mend these first, then repeat"))
    return checks


def _check(name: str, bucket: Tracked, target: str) -> Check | None:
    """Return what is to be said of a bucket, or None if it is live."""
    status = bucket.status
    if not bucket.source.tracked:
        fix = f"make untrack TARGET={target} BUCKET={name} HISTORY=delete goes on"
        return warning(ABOUT, f"{name} is being untracked, its history is being deleted", fix)
    if status.state is Status.LIVE:
        return None
    since = f" since {_seconds(status.since)}" if status.since else ""
    text = f"{name} is {status.state}{since}: {status.reason or 'no reason is known'}"
    return (failure if status.state in _FAILURES else warning)(ABOUT, text, _fix(name, bucket, target))


def _fix(name: str, bucket: Tracked, target: str) -> str:
    where = f"TARGET={target} BUCKET={name}"
    match bucket.status.state:
        case Status.GONE:
            return f"make the bucket again and make track {where}, or make untrack {where}"
        case Status.DEAF if bucket.source.hearing is not Hearing.DEAF:  # the watch itself has stopped
            return f"see the tracker's log and its dead letters, then make deploy TARGET={target}"
        case Status.DEAF:
            return f"make track {where}; it then recovers by itself"
        case Status.RECOVERING if bucket.source.due:
            return f"wait: a reconcile that begins after {_seconds(bucket.source.due)} ends this by itself"
        case _:
            return f"wait: it ends by itself; make reconcile {where} watches it"


def _state(bucket: Tracked) -> str:
    return str(bucket.status.state) if bucket.source.tracked else str(Hearing.LEAVING)


def _seconds(instant: int) -> str:
    return f"{times.to_text(instant)[:19]}Z"
