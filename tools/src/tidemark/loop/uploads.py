"""A directory of the user's own as objects: which files become which keys, and their upload."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from size_history.keys import MAX_KEY_BYTES

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

LARGEST_BYTES = 5 * 1024**3
"""What S3 takes in one request."""
_AT_ONCE = 4
_IN_MEMORY = 200
"""How many files are named to the threads at a time, so that a tree of millions needs no more memory than this."""


@dataclass(frozen=True, slots=True)
class File:
    """A regular file and the key that it is uploaded as; the size in bytes is that when it was listed."""

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
    """Yield the regular files below a directory; links are not followed, and what cannot be uploaded is noted."""

    def unreadable(error: OSError) -> None:
        left_out.add(Path(error.filename), error.strerror or "unreadable")

    for parent, directories, names in os.walk(directory, onerror=unreadable):
        directories.sort()
        for name in sorted(names):
            path = Path(parent, name)
            if path.is_symlink() or not path.is_file():
                continue
            key = f"{directory.name}/{path.relative_to(directory).as_posix()}"
            size = path.stat().st_size
            if reason := _unfit(key, size):
                left_out.add(path, reason)
            else:
                yield File(path, key, size)


def upload(
    client: "S3Client", bucket: str, files: Iterator[File], done: Callable[[File], None], left_out: LeftOut
) -> None:
    """Upload files, some at a time; `done` hears of each, and what fails is noted. Raises nothing for one file's fault."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        while some := list(islice(files, _IN_MEMORY)):
            for file, reason in pool.map(lambda file: (file, _put(client, bucket, file)), some):
                if reason:
                    left_out.add(file.path, reason)
                done(file)


def _put(client: "S3Client", bucket: str, file: File) -> str:
    try:
        with file.path.open("rb") as body:
            client.put_object(Bucket=bucket, Key=file.key, Body=body)
    except OSError as error:
        return error.strerror or str(error)
    except (BotoCoreError, ClientError) as error:
        return " ".join(str(error).split())
    return ""


def _unfit(key: str, size: int) -> str:
    try:
        if len(key.encode()) > MAX_KEY_BYTES:
            return f"its key is longer than {MAX_KEY_BYTES:,} bytes"
    except UnicodeEncodeError:
        return "its name is not UTF-8"
    return "it is larger than 5 GiB" if size > LARGEST_BYTES else ""
