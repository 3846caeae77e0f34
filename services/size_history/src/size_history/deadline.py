"""The instant after which a function begins no request any more. botocore's clients are passed in: no boto3 here."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_SECOND = 1_000_000
RETRY_AFTER = "x-amz-retry-after"
"""The header by which a service asks botocore for a longer pause before the next attempt, in milliseconds."""


class OutOfTimeError(Exception):
    """The time for requests is over. What was asked for last did not begin."""


class Deadline:
    """An instant that each invocation sets anew, for one execution environment with its clients and threads.

    Until the first `allow` it lies far in the future. Instants are microseconds since 1970; `now` returns the current one.
    """

    def __init__(self, now: Callable[[], int] = lambda: time.time_ns() // 1000) -> None:
        self._now = now
        self.at = 2**62

    def allow(self, seconds: float) -> None:
        """Let requests begin during the next `seconds`; none if that is not positive."""
        self.at = self._now() + round(seconds * _SECOND)

    def left(self) -> float:
        """Return the seconds that are left, negative after the deadline."""
        return (self.at - self._now()) / _SECOND

    def require(self, what: str) -> None:
        """Raise OutOfTimeError, saying that `what` did not begin, unless time is left."""
        if self.left() <= 0:
            raise OutOfTimeError(f"out of time before {what} began")

    def share(self, parts: int, *, at_least: float) -> int:
        """Return the end of the first of `parts` equal shares of the time that is left.

        A share has `at_least` seconds, because a shorter one would be of no use. None ends after the deadline.
        """
        return min(self.at, self._now() + round(max(self.left() / parts, at_least) * _SECOND))

    @contextmanager
    def until(self, instant: int) -> Iterator[None]:
        """Within the block, let requests begin only until an instant, if that is before the deadline."""
        whole = self.at
        self.at = min(whole, instant)
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
