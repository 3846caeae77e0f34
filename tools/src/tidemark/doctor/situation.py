"""Where `make doctor` looks, and what it takes for granted there."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tidemark.local.state import DEFAULT_PORT


@dataclass(frozen=True, slots=True)
class Situation:
    """Where to look: the repository, the state directory, and what `make local-up` would be told."""

    root: Path
    state: Path
    port: int = DEFAULT_PORT
    mode: str = ""
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
