"""Stores LocalStack's index of all AWS services with the installation.

LocalStack builds the index from the models of 400 services, which takes seconds, and stores it below its own
directory. An instance with another directory would build it again. The Docker image builds the index with
`python -m localstack_image_lambda.catalog`. Any other installation stores it at its first start.
"""

import contextlib
import os
import shutil
import sys
from pathlib import Path

from localstack import config
from localstack.aws import spec

DIRECTORY = Path(sys.prefix, "share", "localstack-image-lambda")


def store() -> None:
    """Store the index if the installation lacks it. A read-only installation is left unchanged."""
    spec.get_service_catalog()
    name = spec._get_catalog_filename()  # noqa: SLF001 there is no public seam
    built, stored = Path(config.dirs.cache, name), DIRECTORY / name
    if stored.exists() or not built.exists():
        return
    with contextlib.suppress(OSError):
        DIRECTORY.mkdir(parents=True, exist_ok=True)
        partial = stored.with_suffix(f".{os.getpid()}")
        shutil.copyfile(built, partial)
        partial.replace(stored)


def main() -> None:
    """Build the index now, while the installation is writable."""
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    spec.build_service_index_cache(str(DIRECTORY / spec._get_catalog_filename()))  # noqa: SLF001 as above


if __name__ == "__main__":
    main()
