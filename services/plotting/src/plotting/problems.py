"""Every problem that a request can have, as RFC 9457 problem details.

The `type` of a problem is stable, so clients may compare it. A new kind is a new constant here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MEDIA_TYPE = "application/problem+json"
MAX_SHOWN_LENGTH = 80
"""Maximum number of characters of a refused value that a problem repeats."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: the end of its type URI, its title and its HTTP status."""

    name: str
    title: str
    status: int

    @property
    def uri(self) -> str:
        """Return the type URI that clients compare."""
        return f"urn:tidemark:problem:{self.name}"


BAD_EVENT = Kind("bad-event", "The event is not a request of API Gateway", 400)
BAD_BODY = Kind("bad-body", "The body cannot be read", 400)
BAD_BUCKET = Kind("bad-bucket", "No bucket can have this name", 400)
BAD_WINDOW = Kind("bad-window", "The window cannot be drawn", 400)
BAD_FROM = Kind("bad-from", "The start cannot be drawn from", 400)
BAD_TO = Kind("bad-to", "The end cannot be drawn to", 400)
BAD_AT = Kind("bad-at", "The instant cannot be answered for", 400)
BAD_RANGE = Kind("bad-range", "The range is empty or given twice", 400)
BAD_FORMAT = Kind("bad-format", "The answer does not come in this format", 400)
BAD_ORDER = Kind("bad-order", "The answer does not come in this order", 400)
BAD_LIMIT = Kind("bad-limit", "The limit is not allowed", 400)
BAD_CURSOR = Kind("bad-cursor", "The cursor cannot be followed", 400)
UNKNOWN_PARAMETER = Kind("unknown-parameter", "The parameter is not known", 400)
NOT_TRACKED = Kind("bucket-not-tracked", "The bucket is not tracked", 404)
BEFORE_BASELINE = Kind("before-baseline", "Nothing is recorded of the bucket so early", 404)
NO_SUCH_ROUTE = Kind("no-such-route", "There is nothing at this path", 404)
BAD_METHOD = Kind("bad-method", "The path does not take this method", 405)
INTERNAL = Kind("internal", "The service failed", 500)
ROLLUPS_MISSING = Kind("rollups-missing", "The rollups of the bucket are still being made", 503)


class ProblemError(Exception):
    """The answer to a request is a problem.

    `detail` says what is wrong and what is allowed; `parameter` names the parameter to correct, if there is one.
    """

    def __init__(
        self,
        kind: Kind,
        detail: str,
        *,
        parameter: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{kind.name}: {detail}")
        self.kind = kind
        self.detail = detail
        self.parameter = parameter
        self.headers = dict(headers or {})

    def to_json(self) -> str:
        """Return the problem details, ASCII only, so that no refused value can break the answer."""
        members = {
            "type": self.kind.uri,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
        }
        if self.parameter is not None:
            members["parameter"] = self.parameter
        return json.dumps(members)


def shown(value: Any) -> str:
    """Return a refused value as a problem repeats it: as JSON, cut if it is long."""
    try:
        text = json.dumps(value, default=repr)
    except RecursionError:
        return "nested too deep to repeat"
    return text if len(text) <= MAX_SHOWN_LENGTH else f"{text[:MAX_SHOWN_LENGTH]}… ({len(text)} characters)"
