"""Keeps LocalStack's index of all AWS services with the installation.

LocalStack builds it from the models of 400 services, which takes seconds, and keeps it with its other files; an
instance with a directory of its own would build it anew. An image builds it with `python -m
localstack_image_lambda.catalog`, any other installation with its first start.
"""

import contextlib
import os
import shutil
import sys
from pathlib import Path

from localstack import config
from localstack.aws import spec

DIRECTORY = Path(sys.prefix, "share", "localstack-image-lambda")


def keep() -> None:
    """Build the index, unless there is one, and keep it; an installation that is read-only stays as it is."""
    spec.get_service_catalog()
    name = spec._get_catalog_filename()  # noqa: SLF001 there is no public seam
    built, kept = Path(config.dirs.cache, name), DIRECTORY / name
    if kept.exists() or not built.exists():
        return
    with contextlib.suppress(OSError):
        DIRECTORY.mkdir(parents=True, exist_ok=True)
        partial = kept.with_suffix(f".{os.getpid()}")
        shutil.copyfile(built, partial)
        partial.replace(kept)


def main() -> None:
    """Build the index now, while the installation may be written to."""
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    spec.build_service_index_cache(str(DIRECTORY / spec._get_catalog_filename()))  # noqa: SLF001 as above


if __name__ == "__main__":
    main()
