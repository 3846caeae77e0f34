"""How fresh an answer is: when it holds, the bucket's state, and what the queues hold."""

import re
from dataclasses import dataclass
from typing import Any

from plotting.queues import Backlog, Depth
from size_history import times
from size_history.sources import BucketStatus

_NOT_OF_A_HEADER = re.compile(r"[^ -~]+")
"""Characters that a header may not have: control characters, and those beyond ASCII."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """When an answer holds (microseconds since 1970, UTC), what the queues held then, and the bucket's status if it has one.

    Everything recorded before `as_of` is in the answer.
    """

    as_of: int
    backlog: Backlog
    dead_letters: Depth
    undelivered_events: Depth
    status: BucketStatus | None = None

    def members(self) -> dict[str, Any]:
        """Return the freshness as members of a JSON answer."""
        members: dict[str, Any] = {
            "as_of": times.to_text(self.as_of),
            "queue_age_seconds": self.backlog.age_seconds,
            "queue_waiting": self.backlog.waiting,
            "dead_letters": self.dead_letters.messages,
            "undelivered_events": self.undelivered_events.messages,
        }
        queues = (self.backlog, self.dead_letters, self.undelivered_events)
        if reasons := [queue.reason for queue in queues if queue.reason is not None]:
            members["queue_problem"] = "; ".join(reasons)
        return members if self.status is None else members | state_members(self.status)

    def headers(self) -> dict[str, str]:
        """Return the same as headers (`Tidemark-As-Of` and so on), for other formats and for a 304.

        A figure of a queue that is not known is `unknown`; a live bucket's state has neither since nor reason.
        """
        members = self.members()
        without = {name for name in ("state_since", "state_reason") if members.get(name) is None}
        return {
            "Tidemark-" + name.replace("_", "-").title(): "unknown" if value is None else _header(str(value))
            for name, value in members.items()
            if name not in without
        }


def state_members(status: BucketStatus) -> dict[str, str | None]:
    """Return a bucket's state as members of a JSON answer."""
    since = None if status.since is None else times.to_text(status.since)
    return {"state": status.state.value, "state_since": since, "state_reason": status.reason}


def _header(text: str) -> str:
    return _NOT_OF_A_HEADER.sub("?", text)
