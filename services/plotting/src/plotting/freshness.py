"""How fresh an answer about buckets is: as members of its JSON, and as headers of every format and of a 304."""

from dataclasses import dataclass
from typing import Any

from plotting.tracking_queue import Backlog
from size_history import times
from size_history.items import State


@dataclass(frozen=True, slots=True)
class Freshness:
    """When an answer holds (microseconds since 1970, UTC), how much was waiting, and the bucket's state if it is of one.

    Everything recorded before `as_of` is in the answer.
    """

    as_of: int
    backlog: Backlog
    state: State | None = None

    def members(self) -> dict[str, Any]:
        """Return it as members of a JSON answer."""
        members: dict[str, Any] = {
            "as_of": times.to_text(self.as_of),
            "queue_age_seconds": self.backlog.age_seconds,
            "queue_waiting": self.backlog.waiting,
        }
        if self.state is not None:
            members["state"] = self.state.value
        if self.backlog.reason is not None:
            members["queue_problem"] = self.backlog.reason
        return members

    def headers(self) -> dict[str, str]:
        """Return it as headers: `Tidemark-As-Of` and so on."""
        return {
            "Tidemark-" + name.replace("_", "-").title(): "unknown" if value is None else str(value)
            for name, value in self.members().items()
        }
