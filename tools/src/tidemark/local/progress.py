"""What a person who waits gets to see: a line per step, with the seconds since the start."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tidemark.errors import CommandError

HEARTBEAT_SECONDS = 5.0
_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Progress:
    """Prints steps to stderr, each with the seconds since this value was made."""

    began: float = field(default_factory=time.monotonic)

    def say(self, line: str) -> None:
        """Print one step."""
        print(f"  {time.monotonic() - self.began:5.1f} s  {line}", file=sys.stderr, flush=True)

    def wait(self, what: str, poll: Callable[[], str | None], *, seconds: float) -> None:
        """Wait until `poll` returns None; what it returns until then says what is still missing.

        Raises CommandError with that after `seconds`; every few seconds a line shows that we still wait.
        """
        began = last_word = time.monotonic()
        while (missing := poll()) is not None:
            now = time.monotonic()
            if now - began > seconds:
                raise CommandError(f"waited {seconds:.0f} s for {what} in vain: {missing}")
            if now - last_word > HEARTBEAT_SECONDS:
                last_word = now
                self.say(f"still waiting for {what}: {missing}")
            time.sleep(_POLL_SECONDS)
