"""`make demo DIR=`: uploads a directory of the user's own, shows how the tracked size follows, and saves the plot."""

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from size_history.items import Totals
from tidemark.errors import CommandError, run
from tidemark.local import emulator, health
from tidemark.local.env import running
from tidemark.local.state import DEFAULT, Environment, StateDirectory
from tidemark.loop.uploads import LeftOut, files_of, upload

PICTURE = "demo.png"
_LOOK_SECONDS = 0.25
_STALL_SECONDS = 60.0
"""How long the tracked size may stand still, and not be the listing's, before we give up."""
_PLOT_SECONDS = 60
_LEAD_SECONDS = 2
"""How much of the time before the upload the plot shows."""


class Demonstration:
    """One upload into the data bucket of an environment, and what the tracker makes of it."""

    def __init__(self, environment: Environment, directory: Path) -> None:
        self._environment = environment
        self._directory = directory
        self._bucket = environment.variables["TIDEMARK_DATA_BUCKET"]
        self._s3 = emulator.client("s3", environment.endpoint)
        self._tables = emulator.client("dynamodb", environment.endpoint)
        self.left_out = LeftOut()

    def weigh(self) -> tuple[int, int]:
        """Return how many bytes and files there are to upload; CommandError if there is none."""
        size = count = 0
        for file in files_of(self._directory, LeftOut()):
            size, count = size + file.size, count + 1
        if not count:
            raise CommandError(f"DIR={self._directory} holds no file that can be uploaded")
        return size, count

    def totals(self) -> Totals:
        """Return the tracked totals; CommandError where there are none."""
        found = health.totals(self._tables, self._environment.variables)
        if found is None:
            raise CommandError("the data bucket has no baseline: see make status")
        return found

    def run(self, size: int) -> tuple[Totals, Totals]:
        """Upload, and wait until the tracked size is the listing's; return the totals before and after. CommandError."""
        before = self.totals()
        with _bars() as bars:
            uploaded = bars.add_task("uploaded", total=size)
            tracked = bars.add_task("tracked", total=size)
            over = Event()

            def look() -> None:
                # Whatever makes a look fail here, `_wait` meets and reports.
                with suppress(CommandError, BotoCoreError, ClientError):
                    while not over.wait(_LOOK_SECONDS):
                        bars.update(tracked, completed=max(0, self.totals().size - before.size))

            watcher = Thread(target=look, daemon=True)
            watcher.start()
            try:
                files = files_of(self._directory, self.left_out)
                upload(
                    self._s3,
                    self._bucket,
                    files,
                    lambda file: bars.advance(uploaded, file.size),
                    self.left_out,
                )
                after = self._wait()
            finally:
                over.set()
                watcher.join()
            bars.update(tracked, completed=size)
        return before, after

    def picture(self, since: float) -> bytes:
        """Have the change drawn (`since` in seconds since 1970), and return the PNG. CommandError."""
        begin = datetime.fromtimestamp(since - _LEAD_SECONDS, UTC).isoformat().replace("+00:00", "Z")
        where = self._post_plot({"bucket": self._bucket, "from": begin})["plot"]
        stored = self._s3.get_object(Bucket=where["bucket"], Key=where["key"])
        return bytes(stored["Body"].read())

    def _wait(self) -> Totals:
        last_change, last = time.monotonic(), None
        while True:
            totals, listed = self.totals(), self._listed()
            if (totals.size, totals.count) == listed:
                return totals
            if totals != last:
                last, last_change = totals, time.monotonic()
            if time.monotonic() - last_change > _STALL_SECONDS:
                raise CommandError(
                    f"tracked are {totals.size:,} B in {totals.count:,} objects, a listing has {listed[0]:,} B in "
                    f"{listed[1]:,}: see make status, make logs FN=size-tracking"
                )
            time.sleep(_LOOK_SECONDS)

    def _listed(self) -> tuple[int, int]:
        size = count = 0
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket):
            for each in page.get("Contents", []):
                size, count = size + each["Size"], count + 1
        return size, count

    def _post_plot(self, body: dict[str, Any]) -> dict[str, Any]:
        url = urlsplit(self._environment.variables["TIDEMARK_API_URL"])
        connection = HTTPConnection(url.netloc, timeout=_PLOT_SECONDS)
        try:
            connection.request(
                "POST", f"{url.path}plot", json.dumps(body), {"Content-Type": "application/json"}
            )
            response = connection.getresponse()
            answer: dict[str, Any] = json.loads(response.read())
        except (OSError, HTTPException, ValueError) as error:
            raise CommandError(f"POST {url.path}plot: {error}: see make status") from error
        finally:
            connection.close()
        if response.status != 200:
            raise CommandError(
                f"POST {url.path}plot answered {response.status}: {answer.get('detail', answer)}"
            )
        return answer


def _bars() -> Progress:
    columns = (TextColumn("  {task.description:<9}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), refresh_per_second=8)


def demonstrate(state: StateDirectory, directory: Path) -> int:
    """Upload a directory, tell the user what became of it, and return the exit code. CommandError."""
    environment = running(state)
    demonstration = Demonstration(environment, directory)
    size, count = demonstration.weigh()
    free = shutil.disk_usage(state.root).free
    if size > free:
        raise CommandError(f"DIR={directory} holds {size:,} B, and the emulator has room for {free:,} B")
    print(f"demo: {count:,} files, {size:,} B, from {directory} into the data bucket", file=sys.stderr)
    began = time.time()
    before, after = demonstration.run(size)
    picture = state.root / PICTURE
    picture.write_bytes(demonstration.picture(began))
    print(f"  before     {before.size:>16,} B in {before.count:,} objects")
    print(f"  after      {after.size:>16,} B in {after.count:,} objects, as a listing of the bucket says")
    print(f"  high water {after.max_size:>16,} B")
    print(f"  picture    {os.path.relpath(picture)}")
    print(f"  dashboard  {environment.variables['TIDEMARK_API_URL']}")
    left_out = demonstration.left_out
    for named in left_out.named:
        print(f"demo: not uploaded: {named}", file=sys.stderr)
    if left_out.count:
        files = "file was" if left_out.count == 1 else "files were"
        print(f"demo: {left_out.count:,} {files} not uploaded", file=sys.stderr)
    return 1 if left_out.count else 0


def _command(options: argparse.Namespace) -> int:
    if not options.directory:
        raise CommandError("which directory? make demo DIR=path/to/your/files")
    directory = Path(options.directory).expanduser().resolve()
    if not directory.is_dir():
        raise CommandError(f"DIR={options.directory} is no directory")
    try:
        return demonstrate(StateDirectory.at(options.state), directory)
    except (BotoCoreError, ClientError) as error:
        raise CommandError(f"{' '.join(str(error).split())}: see make status") from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="demo", description="Upload a directory and watch its size being tracked."
    )
    parser.add_argument("--state", default=DEFAULT, metavar="DIRECTORY", help="default: %(default)s")
    parser.add_argument("--directory", default="", help="what to upload")
    return run("demo", lambda: _command(parser.parse_args(arguments)))


if __name__ == "__main__":
    sys.exit(main())
