"""What a person who waits gets to see: a line per step, with the seconds since the start."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tidemark.errors import CommandError

HEARTBEAT_SECONDS = 5.0
POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Progress:
    """Prints steps to stderr, each with the seconds since this value was made."""

    began: float = field(default_factory=time.monotonic)

    def say(self, line: str) -> None:
        """Print one step."""
        print(f"  {time.monotonic() - self.began:5.1f} s  {line}", file=sys.stderr, flush=True)

    def wait(self, what: str, poll: Callable[[], str | None], *, seconds: float) -> None:
        """Wait as `wait` does; a line every few seconds shows that we still wait."""
        wait(what, poll, seconds=seconds, say=self.say)


def wait(
    what: str,
    poll: Callable[[], str | None],
    *,
    seconds: float,
    say: Callable[[str], object] = lambda _: None,
) -> None:
    """Wait until `poll` returns None; what it returns until then says what is still missing.

    Raises CommandError with that when it has not changed for `seconds`.
    """
    last_change = last_word = time.monotonic()
    last = None
    while (missing := poll()) is not None:
        now = time.monotonic()
        if missing != last:
            last, last_change = missing, now if last else last_change
        if now - last_change > seconds:
            raise CommandError(f"waited {seconds:.0f} s for {what} in vain: {missing}")
        if now - last_word > HEARTBEAT_SECONDS:
            last_word = now
            say(f"still waiting for {what}: {missing}")
        time.sleep(POLL_SECONDS)
