"""`make bench-images`: the size of the functions' images, the layers that they share, and the value of bytecode at the start.

Writes its section of docs/benchmarks.md. Needs a Docker engine.
"""

import statistics
import subprocess
from dataclasses import dataclass, replace

from tests.bench.command import Dry, run
from tests.bench.report import ROOT, circumstances, publish, table
from tests.docker.engine import BASE
from tests.docker.function import LOCKED_DOWN, ContainerFunction, FunctionError
from tests.docker.image_facts import MB, ImageFacts, bytecode_bytes
from tidemark.errors import CommandError
from tidemark.images.build import architecture_of, build
from tidemark.images.docker import Docker
from tidemark.images.recipes import FUNCTIONS, Build
from tidemark.progress import Progress

Sizes = tuple[int, int, int, int]
"""Bytes of an image: all, those above its base, those of bytecode above its base, and the rest above its base."""
STARTS = 10
WITHOUT = "tidemark/without-bytecode"
NAMES = tuple(recipe.name for recipe in FUNCTIONS)
SHARED = replace(FUNCTIONS[0], name="tidemark/shared", target="base")
ENVIRON = {
    **dict.fromkeys(("HISTORY_TABLE", "LEDGER_TABLE", "DATA_BUCKET", "PLOT_BUCKET", "SIZE_INDEX"), "unused"),
    "AWS_DEFAULT_REGION": "us-east-1",
}

WITHOUT_BYTECODE = """
FROM {image}
USER 0:0
RUN find / -xdev -name __pycache__ -prune -exec rm -r {{}} +
USER 65534:65534
"""

MEMORY = """
lines = open("/proc/1/status").read().splitlines()
print([line.split()[1] for line in lines if line.startswith("VmRSS")][0])
"""


@dataclass(frozen=True)
class Starts:
    """Seconds from `docker run` to the first poll, with bytecode and without, and the memory (KiB) at the poll."""

    with_bytecode: tuple[float, ...]
    without: tuple[float, ...]
    memory_kib: int

    @property
    def factor(self) -> float:
        """The ratio of the median starts: without bytecode to with bytecode."""
        return statistics.median(self.without) / statistics.median(self.with_bytecode)


def measure_sizes(docker: Docker, name: str, base: ImageFacts) -> Sizes:
    """Measure an image."""
    total, bytecode = ImageFacts.of(docker, name).size, bytecode_bytes(docker, name)
    return total, total - base.size, bytecode, total - base.size - bytecode


def measure_starts(docker: Docker, name: str, progress: Progress) -> Starts:
    """Start the image and its twin without bytecode by turns, so that other work on the machine disturbs both alike."""
    twin = f"{WITHOUT}:{name.partition('/')[2]}"
    _build_twin(name, twin, docker)
    memory = 0
    times: dict[str, list[float]] = {name: [], twin: []}
    for _ in range(STARTS + 1):
        for image in (name, twin):
            with ContainerFunction(image, ENVIRON, LOCKED_DOWN) as function:
                times[image].append(function.seconds_to_first_poll)
                if image == name:
                    memory = int(docker.output("exec", function.name, "python", "-c", MEMORY).splitlines()[0])
    docker.output("rmi", "--force", twin)
    # The first start of each fills the caches.
    starts = Starts(tuple(times[name][1:]), tuple(times[twin][1:]), memory)
    progress.say(f"{name}: {STARTS} starts each, {starts.factor:.2f} times faster with bytecode")
    return starts


def _build_twin(name: str, twin: str, docker: Docker) -> None:
    subprocess.run(
        ["docker", "build", "--quiet", "--tag", twin, "-"],
        input=WITHOUT_BYTECODE.format(image=name),
        env=docker.environ,
        capture_output=True,
        text=True,
        check=True,
    )


def report(
    name_of_base: str, base: int, shared: int, sizes: dict[str, Sizes], starts: dict[str, Starts]
) -> str:
    """Return the section; `base` and `shared` are the bytes of the Python base and of all that the images share."""
    total = sum(size[0] for size in sizes.values())
    stored = total - (len(sizes) - 1) * shared
    size_rows = ((name, *(f"{part / MB:.1f}" for part in size)) for name, size in sizes.items())
    start_rows = []
    for name, start in starts.items():
        how = (statistics.median, min, max)
        seconds = (f"{f(times):.2f}" for times in (start.with_bytecode, start.without) for f in how)
        memory = f"{start.memory_kib * 1024 / MB:.0f}"
        start_rows.append((name, *seconds, f"{start.factor:.1f} times", memory))
    size_columns = ("image", "all:", "above the base:", "bytecode of that:", "the rest:")
    start_columns = (
        "image", "p50 with bytecode:", "fastest:", "slowest:", "p50 without:", "fastest:", "slowest:", "faster by:",
        "memory, MB:",
    )  # fmt: skip
    return f"""## Images

`make bench-images`. {circumstances()}

Sizes in MB (10⁶ bytes), uncompressed, above the base {name_of_base} of {base / MB:.0f} MB.

{table(size_columns, size_rows)}

The three images share {shared / MB:.1f} MB of layers: the base, the bytecode of the standard library, boto3 and the runtime client. An engine
stores these once, so the images take {stored / MB:.0f} MB instead of {total / MB:.0f} MB.

Seconds from `docker run` to the function's first poll of the Runtime API, {STARTS} starts of each by turns, with a read-only root and with
/tmp in memory:

{table(start_columns, start_rows)}

Memory is the function's resident size at its first poll, before it makes a client or a picture. Without bytecode means the same image
with every `__pycache__` removed, also those of the standard library."""


def bench(docker: Docker, progress: Progress) -> str:
    """Measure everything and return the section."""
    build([*FUNCTIONS, SHARED], Build(ROOT, architecture_of()), docker, progress)
    name_of_base = docker.environ.get("PYTHON_IMAGE", BASE)
    base = ImageFacts.of(docker, name_of_base)
    sizes = {name: measure_sizes(docker, name, base) for name in NAMES}
    starts = {name: measure_starts(docker, name, progress) for name in NAMES}
    return report(name_of_base, base.size, ImageFacts.of(docker, SHARED.name).size, sizes, starts)


def main(*, dry: Dry = False) -> None:
    """Measure and write docs/benchmarks.md."""
    docker = Docker()
    docker.require_engine()
    try:
        publish("images", bench(docker, Progress()), dry=dry)
    except FunctionError as error:
        raise CommandError(str(error)) from error


if __name__ == "__main__":
    run(main)
