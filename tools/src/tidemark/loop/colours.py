"""Colours for a terminal; none if the output is no terminal, or if NO_COLOR is set (https://no-color.org)."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

_OF_SERVICES = {"size-tracking": "36", "plotting": "35", "driver": "33"}
_RED = "31"


@dataclass(frozen=True, slots=True)
class Colours:
    """Wraps text in a colour, or leaves it as it is."""

    on: bool

    @classmethod
    def of_stream(cls, stream: TextIO, environ: Mapping[str, str] = os.environ) -> "Colours":
        """Return what suits a stream."""
        return cls(stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb")

    def of(self, service: str, text: str) -> str:
        """Return a text in a service's colour."""
        return self._in(_OF_SERVICES[service], text)

    def warn(self, text: str) -> str:
        """Return a text in red."""
        return self._in(_RED, text)

    def _in(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.on else text
