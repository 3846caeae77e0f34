"""`make bench-images`: how large the functions' images are, what they share, and what bytecode is worth at the start.

Writes its section of docs/benchmarks.md. Needs an engine with the images; tests/docker/engine.py sees to both.
"""

import statistics
import subprocess
import sys
from dataclasses import dataclass

from tests.bench.report import circumstances, write_section
from tests.docker.engine import BASE
from tests.docker.function import LOCKED_DOWN, ContainerFunction, FunctionError
from tests.docker.image_facts import MB, ImageFacts, bytecode_bytes
from tidemark.errors import CommandError
from tidemark.images.build import ROOT, architecture_of, build
from tidemark.images.commit import head
from tidemark.images.docker import Docker
from tidemark.images.errors import run
from tidemark.images.recipes import FUNCTIONS, Build, Recipe
from tidemark.local.progress import Progress

STARTS = 10
WITHOUT = "tidemark/without-bytecode"
NAMES = tuple(recipe.name for recipe in FUNCTIONS)
SHARED = Recipe("tidemark/shared", FUNCTIONS[0].dockerfile, "base")
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
class Sizes:
    """An image's bytes: in all, above its base, and of those above it the bytecode."""

    total: int
    above_base: int
    bytecode: int


@dataclass(frozen=True)
class Starts:
    """Seconds from `docker run` to the first poll, with bytecode and without, and the memory (KiB) at that moment."""

    with_bytecode: tuple[float, ...]
    without: tuple[float, ...]
    memory_kib: int

    @property
    def factor(self) -> float:
        """How many times faster the median start is with bytecode."""
        return statistics.median(self.without) / statistics.median(self.with_bytecode)


def measure_sizes(docker: Docker, name: str, base: ImageFacts) -> Sizes:
    """Ask the engine, and the image for its bytecode."""
    total = ImageFacts.of(docker, name).size
    return Sizes(total, total - base.size, bytecode_bytes(docker, name))


def measure_starts(docker: Docker, name: str, progress: Progress) -> Starts:
    """Start the image and its twin without bytecode by turns, so that the machine's load falls on both alike."""
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
    starts = Starts(tuple(times[name][1:]), tuple(times[twin][1:]), memory)  # the first one fills the caches
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
    """Return the section; `base` and `shared` are the bytes of the Python base and of what all the images share."""
    stored = shared + sum(size.total - shared for size in sizes.values())
    said = sum(size.total for size in sizes.values())
    lines = [
        "## Images",
        "",
        f"`make bench-images`. {circumstances()}",
        "",
        f"Sizes in MB (10⁶ bytes), uncompressed, above the base {name_of_base} of {base / MB:.0f} MB.",
        "",
        "| image | in all | above the base | of that bytecode | the rest |",
        "|---|---:|---:|---:|---:|",
        *(_size_row(name, size) for name, size in sizes.items()),
        "",
        (
            f"The three share {shared / MB:.1f} MB of layers (the base, the standard library's bytecode, boto3 and the "
            f"runtime client): stored once, they take {stored / MB:.0f} MB instead of {said / MB:.0f} MB."
        ),
        "",
        (
            f"Seconds from `docker run` to the function's first poll of the Runtime API, {STARTS} starts of each by turns, "
            "with a read-only root and /tmp in memory:"
        ),
        "",
        "| image | p50 with bytecode | fastest | slowest | p50 without | fastest | slowest | faster by | memory, MB |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
        *(_start_row(name, start) for name, start in starts.items()),
        "",
        (
            "Memory is the function's resident size at its first poll, before any client or picture is made. Without "
            "bytecode is the same image with every `__pycache__` removed, those of the standard library among them."
        ),
    ]
    return "\n".join(lines)


def _size_row(name: str, size: Sizes) -> str:
    rest = size.above_base - size.bytecode
    figures = (size.total, size.above_base, size.bytecode, rest)
    return f"| {name} | " + " | ".join(f"{figure / MB:.1f}" for figure in figures) + " |"


def _start_row(name: str, start: Starts) -> str:
    figures = [
        f"{how(times):.2f}"
        for times in (start.with_bytecode, start.without)
        for how in (statistics.median, min, max)
    ]
    return (
        f"| {name} | {' | '.join(figures)} | {start.factor:.1f} times | {start.memory_kib * 1024 / MB:.0f} |"
    )


def bench(docker: Docker, progress: Progress) -> str:
    """Measure everything and return the section."""
    build([*FUNCTIONS, SHARED], Build(ROOT, head(ROOT).revision, architecture_of(None)), docker, progress)
    name_of_base = docker.environ.get("PYTHON_IMAGE", BASE)
    base = ImageFacts.of(docker, name_of_base)
    sizes = {name: measure_sizes(docker, name, base) for name in NAMES}
    starts = {name: measure_starts(docker, name, progress) for name in NAMES}
    return report(name_of_base, base.size, ImageFacts.of(docker, SHARED.name).size, sizes, starts)


def main() -> int:
    """Measure and write the section; return the exit code."""

    def command() -> None:
        docker = Docker()
        docker.require_engine()
        try:
            section = bench(docker, Progress())
        except FunctionError as error:
            raise CommandError(str(error)) from error
        write_section("images", section)
        print(section)

    return run("bench-images", command)


if __name__ == "__main__":
    sys.exit(main())
