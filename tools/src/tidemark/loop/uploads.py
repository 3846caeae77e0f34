"""A directory of the user as objects: which files become which keys, and their upload."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from s3transfer.manager import TransferConfig, TransferManager

from size_history.keys import MAX_KEY_BYTES
from tidemark.errors import flat

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_MAX_REQUESTS = 4
_MAX_FILES = 200
"""Maximum number of files that are handed over at a time, so that a tree of millions needs no more memory."""


@dataclass(frozen=True, slots=True)
class File:
    """A regular file, the key that it is uploaded as, and its size in bytes when it was listed."""

    path: Path
    key: str
    size: int


@dataclass(slots=True)
class LeftOut:
    """How many files were not uploaded, and the first of them with the reasons."""

    count: int = 0
    named: list[str] = field(default_factory=list)

    def add(self, path: Path, reason: str) -> None:
        """Note one."""
        self.count += 1
        if len(self.named) < 3:
            self.named.append(f"{os.fsencode(path).decode(errors='replace')}: {reason}")


def files_of(directory: Path, left_out: LeftOut) -> Iterator[File]:
    """Yield the regular files below a directory, and note those that cannot be uploaded. Links are not followed."""

    def unreadable(error: OSError) -> None:
        left_out.add(Path(error.filename), error.strerror or "unreadable")

    for parent, directories, names in os.walk(directory, onerror=unreadable):
        directories.sort()
        for name in sorted(names):
            path = Path(parent, name)
            if path.is_symlink() or not path.is_file():
                continue
            key = f"{directory.name}/{path.relative_to(directory).as_posix()}"
            if reason := _unfit(key):
                left_out.add(path, reason)
            else:
                yield File(path, key, path.stat().st_size)


def upload(
    client: "S3Client", bucket: str, files: Iterator[File], done: Callable[[File], None], left_out: LeftOut
) -> None:
    """Upload files, several at a time and large ones in parts; call `done` for each, and note those that fail."""
    with TransferManager(client, TransferConfig(max_request_concurrency=_MAX_REQUESTS)) as manager:
        while some := list(islice(files, _MAX_FILES)):
            for file, sent in [(file, manager.upload(str(file.path), bucket, file.key)) for file in some]:
                try:
                    sent.result()
                except OSError as error:
                    left_out.add(file.path, error.strerror or str(error))
                except (BotoCoreError, ClientError) as error:
                    left_out.add(file.path, flat(error))
                done(file)


def _unfit(key: str) -> str:
    try:
        if len(key.encode()) > MAX_KEY_BYTES:
            return f"its key is longer than {MAX_KEY_BYTES:,} bytes"
    except UnicodeEncodeError:
        return "its name is not UTF-8"
    return ""
