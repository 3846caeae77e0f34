"""`make demo DIR=`: uploads a directory of the user, shows how the tracked size follows, and saves the plot."""

import json
import os
import shutil
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from size_history.items import Totals
from tidemark.aws import ledger
from tidemark.errors import CommandError
from tidemark.local import emulator
from tidemark.local.progress import wait
from tidemark.local.state import DEFAULT, Environment, StateDirectory
from tidemark.local.up import ensure
from tidemark.loop.uploads import LeftOut, files_of, upload
from tidemark.options import LocalPort, RunMode, State

PICTURE = "demo.png"
_LOOK_SECONDS = 0.25
_STALL_SECONDS = 60.0
"""How long the tracked size may stand still, and differ from the listing's, before we give up."""
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
        """Return how many bytes and files there are to upload; CommandError if there are none."""
        size = count = 0
        for file in files_of(self._directory, LeftOut()):
            size, count = size + file.size, count + 1
        if not count:
            raise CommandError(f"DIR={self._directory} holds no file that can be uploaded")
        return size, count

    def totals(self) -> Totals:
        """Return the tracked totals; CommandError if there are none."""
        found = ledger.totals(
            self._tables, self._environment.variables["TIDEMARK_LEDGER_TABLE"], self._bucket
        )
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
                # `_wait` meets, and reports, whatever makes a look fail here.
                with suppress(CommandError, BotoCoreError, ClientError):
                    while not over.wait(_LOOK_SECONDS):
                        bars.update(tracked, completed=max(0, self.totals().size - before.size))

            watcher = Thread(target=look, daemon=True)
            watcher.start()
            try:
                upload(
                    self._s3,
                    self._bucket,
                    files_of(self._directory, self.left_out),
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
        tracked = self.totals()

        def missing() -> str | None:
            nonlocal tracked
            tracked, (size, count) = self.totals(), self._listed()
            if (tracked.size, tracked.count) == (size, count):
                return None
            return (
                f"tracked are {tracked.size:,} B in {tracked.count:,} objects, a listing has {size:,} B in "
                f"{count:,}: see make status, make logs FN=size-tracking"
            )

        wait("the tracked size", missing, seconds=_STALL_SECONDS)
        return tracked

    def _listed(self) -> tuple[int, int]:
        size = count = 0
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket):
            for each in page.get("Contents", []):
                size, count = size + each["Size"], count + 1
        return size, count

    def _post_plot(self, body: dict[str, Any]) -> dict[str, Any]:
        url = f"{self._environment.variables['TIDEMARK_API_URL']}plot"
        try:
            status, content = emulator.call("POST", url, json.dumps(body), seconds=_PLOT_SECONDS)
            answer: dict[str, Any] = json.loads(content)
        except (ConnectionError, ValueError) as error:
            raise CommandError(f"POST {url}: {error}: see make status") from error
        if status != 200:
            raise CommandError(f"POST {url} answered {status}: {answer.get('detail', answer)}")
        return answer


def _bars() -> Progress:
    columns = (TextColumn("  {task.description:<9}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), refresh_per_second=8)


def demonstrate(environment: Environment, directory: Path, output: Path) -> int:
    """Upload a directory, tell the user what became of it, and return the exit code. CommandError."""
    demonstration = Demonstration(environment, directory)
    size, count = demonstration.weigh()
    free = shutil.disk_usage(output).free
    if size > free:
        raise CommandError(f"DIR={directory} holds {size:,} B, and the emulator has room for {free:,} B")
    print(f"demo: {count:,} files, {size:,} B, from {directory} into the data bucket", file=sys.stderr)
    began = time.time()
    before, after = demonstration.run(size)
    picture = output / PICTURE
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


def command(
    *,
    state: State = DEFAULT,
    port: LocalPort = None,
    mode: RunMode = None,
    directory: Annotated[str, typer.Option(metavar="PATH", help="What to upload.")] = "",
) -> int:
    """Upload a directory, watch its size being tracked, and get its plot; starts an environment if none is up."""
    if not directory:
        raise CommandError("which directory? make demo DIR=path/to/your/files")
    path = Path(directory).expanduser().resolve()
    if not path.is_dir():
        raise CommandError(f"DIR={directory} is no directory")
    where = StateDirectory.at(state)
    environment = ensure(where, port, mode)
    with emulator.explained(fix="see make status"):
        return demonstrate(environment, path, where.root)
