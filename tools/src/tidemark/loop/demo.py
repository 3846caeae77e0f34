"""`make demo DIR=`: uploads a directory of the user, shows how the tracked size follows, and saves the plot."""

import json
import os
import shutil
import sys
import time
from array import array
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from size_history.items import Totals
from size_history.sources import Hearing
from tidemark.aws import emulator, ledger
from tidemark.aws.signing import Api
from tidemark.errors import CommandError
from tidemark.local.state import DEFAULT, Environment, StateDirectory
from tidemark.local.up import ensure
from tidemark.loop.uploads import File, LeftOut, files_of, upload
from tidemark.options import LocalPort, RunMode, State
from tidemark.progress import wait

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client

PICTURE = "demo.png"
_LOOK_SECONDS = 0.25
_STALL_SECONDS = 60.0
"""How long the tracked size may stand still, and differ from the listing's, before we give up."""
_LEAD_SECONDS = 2
"""How much of the time before the upload the plot shows."""


@dataclass(frozen=True, slots=True)
class Demonstration:
    """One upload into the data bucket of an environment, and what the tracker makes of it."""

    environment: Environment
    directory: Path
    s3: "S3Client"
    tables: "DynamoDBClient"
    left_out: LeftOut = field(default_factory=LeftOut)

    @property
    def bucket(self) -> str:
        """The data bucket."""
        return self.environment.variables["TIDEMARK_DATA_BUCKET"]

    def weigh(self) -> tuple[int, int]:
        """Return how many bytes and files there are to upload; CommandError if there are none."""
        sizes = array("Q", (file.size for file in files_of(self.directory, LeftOut())))
        if not sizes:
            raise CommandError(f"DIR={self.directory} holds no file that can be uploaded")
        return sum(sizes), len(sizes)

    def totals(self) -> Totals:
        """Return the tracked totals; CommandError if there are none."""
        found = ledger.totals(self.tables, self.environment.variables["TIDEMARK_LEDGER_TABLE"], self.bucket)
        if found is None:
            raise CommandError("the data bucket has no baseline: see make status")
        return found

    def require_heard(self) -> None:
        """Raise CommandError if the last check of the watch found that the bucket's changes do not arrive."""
        row = ledger.source(self.tables, self.environment.variables["TIDEMARK_LEDGER_TABLE"], self.bucket)
        if row and row.hearing in {Hearing.DEAF, Hearing.GONE}:
            raise CommandError(f"the data bucket is {row.hearing}, {row.reason}: see make status")

    def run(self, size: int) -> tuple[Totals, Totals]:
        """Upload, and wait until the tracked size is the listing's; return the totals before and after. CommandError."""
        before = after = self.totals()
        columns = (TextColumn("  {task.description:<9}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), refresh_per_second=8) as bars:
            uploaded, tracked = (bars.add_task(name, total=size) for name in ("uploaded", "tracked"))
            last_look = 0.0

            def look() -> Totals:
                nonlocal last_look
                now = self.totals()
                bars.update(tracked, completed=max(0, now.size - before.size))
                last_look = time.monotonic()
                return now

            def sent(file: File) -> None:
                bars.advance(uploaded, file.size)
                if time.monotonic() - last_look > _LOOK_SECONDS:
                    look()

            def missing() -> str | None:
                nonlocal after
                after, (listed, count) = look(), self._listed()
                if (after.size, after.count) == (listed, count):
                    return None
                return (
                    f"tracked are {after.size:,} B in {after.count:,} objects, a listing has {listed:,} B in "
                    f"{count:,}: see make status, make logs FN=size-tracking"
                )

            upload(self.s3, self.bucket, files_of(self.directory, self.left_out), sent, self.left_out)
            wait("the tracked size", missing, seconds=_STALL_SECONDS)
            bars.update(tracked, completed=size)
        return before, after

    def _listed(self) -> tuple[int, int]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        sizes = array("Q", (found["Size"] for page in pages for found in page.get("Contents", [])))
        return sum(sizes), len(sizes)

    def picture(self, since: float) -> bytes:
        """Have the change drawn (`since` in seconds since 1970), and return the PNG. CommandError."""
        begin = datetime.fromtimestamp(since - _LEAD_SECONDS, UTC).isoformat().replace("+00:00", "Z")
        url = self.environment.variables["TIDEMARK_API_URL"]
        body = json.dumps({"bucket": self.bucket, "from": begin}).encode()
        answered = Api(url, emulator.REGION, emulator.credentials, proxies={}).call("POST", "plot", body)
        try:
            answer: dict[str, Any] = json.loads(answered.body)
        except ValueError as error:
            raise CommandError(f"POST {url}plot: {error}: see make status") from error
        if answered.status != 200:
            raise CommandError(f"POST {url}plot answered {answered.status}: {answer.get('detail', answer)}")
        plot = answer["plot"]
        return self.s3.get_object(Bucket=plot["bucket"], Key=plot["key"])["Body"].read()


def demonstrate(environment: Environment, directory: Path, output: Path) -> int:
    """Upload a directory, tell the user what became of it, and return the exit code. CommandError."""
    s3, tables = (emulator.client(service, environment.endpoint) for service in ("s3", "dynamodb"))
    demonstration = Demonstration(environment, directory, s3, tables)
    size, count = demonstration.weigh()
    demonstration.require_heard()
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
