"""The instant after which a function begins no request any more. botocore's clients are passed in: no boto3 here."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

RETRY_AFTER = "x-amz-retry-after"
"""The header by which a service asks botocore for a longer pause before the next attempt, in milliseconds."""


class OutOfTimeError(Exception):
    """The time for requests is over. What was asked for last did not begin."""


class Deadline:
    """An instant that each invocation sets anew, for one execution environment with its clients and threads.

    Before the first `allow` there is no limit. Instants are microseconds since 1970; `now` returns the current one.
    """

    def __init__(self, now: Callable[[], int] = lambda: time.time_ns() // 1000) -> None:
        self._now = now
        self.at: int | None = None

    def allow(self, seconds: float) -> None:
        """Let requests begin for so many seconds from now; none if that is not positive."""
        self.at = self._now() + round(seconds * 1_000_000)

    def left(self) -> float:
        """Return the seconds that are left, negative after the deadline."""
        return float("inf") if self.at is None else (self.at - self._now()) / 1_000_000

    def require(self, what: str = "this") -> None:
        """Raise OutOfTimeError, which names `what` did not begin, unless time is left."""
        if self.left() <= 0:
            raise OutOfTimeError(f"out of time before {what} began")

    @contextmanager
    def share(self, parts: int) -> Iterator[None]:
        """Within the block, leave only one of so many equal parts of the time that is left now."""
        whole = self.at
        if whole is not None:
            self.allow(self.left() / parts)
        try:
            yield
        finally:
            self.at = whole

    def bind(self, client: Any) -> None:
        """Let a botocore client begin no attempt of any request after the deadline: OutOfTimeError rises there instead.

        botocore passes on that error, from any thread, and does not try again.
        """
        client.meta.events.register("before-send", self._before_send)
        client.meta.events.register("response-received", self._response_received)

    def _before_send(self, event_name: str, **_: Any) -> None:
        self.require(event_name.removeprefix("before-send."))

    def _response_received(self, response_dict: Any, **_: Any) -> None:
        """Ignore that a service asks for a pause that would go on after the deadline."""
        headers = response_dict["headers"] if response_dict else {}
        asked = headers.get(RETRY_AFTER, "")
        if asked.isdecimal() and int(asked) / 1000 > self.left():
            del headers[RETRY_AFTER]
