"""Starts MiniStack with an executor for image functions, in MiniStack's own environment.

`python -m tests.substrates.ministack.server` imports MiniStack, the standard library and `image_lambda_runtime` only.
"""

import sys
from importlib.metadata import version

SUPPORTED = "1.5.33"
"""The release whose internals `serving` knows."""


def main() -> None:
    """Serve until SIGTERM, unless another release is installed."""
    if (found := version("ministack")) != SUPPORTED:
        sys.exit(f"MiniStack {found} is installed, but only {SUPPORTED} is known here: run make install")
    from tests.substrates.ministack import serving  # noqa: PLC0415 - not before the check

    serving.serve()


if __name__ == "__main__":
    main()
