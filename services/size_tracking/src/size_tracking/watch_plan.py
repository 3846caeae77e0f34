"""The watch as pure functions: what a check of a bucket's event path means for its row.

The order of a check is what makes it right; `watcher.py` keeps it. It reads the row, then the configuration. If the
bucket is heard again, it *sends* the requests for two reconciles and only then writes the row, on condition that the row
has not moved. A check that dies in between leaves the row as it was, so the next check sends the requests again. The row
is written even if the check found nothing new, so that a slower check with an older look fails.

The first reconcile shortens the gap. The second one begins when every change that was not heard has been made. Its end
makes the bucket heard, not the check: until then the numbers may lack a change. An outage that begins and ends between
two checks leaves no trace here; the daily reconcile mends it.
"""

from dataclasses import dataclass, replace

from size_history.sources import RECOVERY_MICROSECONDS, Hearing, Source


@dataclass(frozen=True, slots=True)
class Look:
    """What a check found: whether the bucket exists, its creation date if known, and the fault of its event path, if any."""

    exists: bool = True
    created: str = ""
    fault: str = ""


def checked(source: Source, look: Look, now: int) -> Source:
    """Return the bucket's new row after a look that was made at `now` (microseconds since 1970) or later."""
    hearing, reason = _finding(source, look)
    same = (hearing, reason) == (source.hearing, source.reason) and not anew(source, look)
    return replace(
        source,
        hearing=hearing,
        reason=reason,
        since=source.since if same else now,
        created=look.created or source.created,
        checked=now,
        due=_due(source, hearing, now, same=same),
        revision=source.revision + 1,
    )


def anew(source: Source, look: Look) -> bool:
    """Return whether the bucket was made anew under its old name since the last check."""
    return "" not in {source.created, look.created} and source.created != look.created


def heard_again(source: Source, after: Source) -> bool:
    """Return whether a check found the bucket heard again: then two reconciles are asked for."""
    return after.hearing is Hearing.RECOVERING and after.due != source.due


def _finding(source: Source, look: Look) -> tuple[Hearing, str]:
    if not look.exists:
        return Hearing.GONE, "the bucket does not exist"
    if look.fault:
        return Hearing.DEAF, look.fault
    if anew(source, look):
        return (
            Hearing.RECOVERING,
            f"it was made anew at {look.created}; reconciles look for the changes since",
        )
    if source.hearing in {Hearing.DEAF, Hearing.GONE}:
        return (
            Hearing.RECOVERING,
            "its events arrive again; reconciles look for the changes of the time before",
        )
    return source.hearing, source.reason


def _due(source: Source, hearing: Hearing, now: int, *, same: bool) -> int:
    if hearing is not Hearing.RECOVERING:
        return 0
    return source.due if same else now + RECOVERY_MICROSECONDS
