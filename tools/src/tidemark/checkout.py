"""The repository that these commands work on, and the endpoint's port of its local environment.

Used on a bare Python (standard library only), before anything is installed.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
"""The root of the checkout. The package is only ever installed from it, in place."""

DEFAULT_PORT = 4566
