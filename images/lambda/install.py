"""Fills a directory with packages, prunes them and compiles them.

    install.py --as /opt/python --requirements size-tracking.txt base
    install.py --as /var/task --wheels wheels/*.whl -- size-tracking

It runs in the image's builder, with only the standard library and uv.
"""

import argparse
import compileall
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from py_compile import PycInvalidationMode

from pruning import prune


def install(arguments: Sequence[str], packages: Path) -> None:
    """Install packages with uv, without their dependencies. Raises SystemExit."""
    command = ["uv", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"]
    # compile_all compiles them after pruning.
    command += ["--no-compile-bytecode", "--python", sys.executable, "--target", str(packages), *arguments]
    if code := subprocess.run(command, check=False).returncode:
        sys.exit(code)


def compile_all(packages: Path, *, in_image: str) -> None:
    """Compile every module. Its tracebacks show the path in the image. Raises SystemExit.

    The bytecode does not depend on file times, because COPY and registries need not keep them. The image is read-only.
    """
    compiled = compileall.compile_dir(
        packages,
        maxlevels=100,
        quiet=1,
        force=True,
        stripdir=str(packages),
        prependdir=in_image,
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )
    if not compiled:
        sys.exit(f"{packages}: not every module compiles")


def make_readable(packages: Path) -> None:
    """Make every file readable for everybody, because the function runs as nobody."""
    for path in [packages, *packages.rglob("*")]:
        path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))


def main() -> None:
    """Fill one directory."""
    parser = argparse.ArgumentParser(description="Fill a directory with packages.")
    parser.add_argument("--as", dest="in_image", required=True, metavar="PATH", help="its path in the image")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--requirements", metavar="LIST", help="packages with hashes, from uv export")
    source.add_argument("--wheels", nargs="+", metavar="WHEEL")
    parser.add_argument("directory", type=Path)
    options = parser.parse_args()
    packages = options.directory.absolute()
    if options.wheels:
        install(options.wheels, packages)
    else:
        install(["--require-hashes", "--requirement", options.requirements], packages)
        print(f"{packages.name}: {prune(packages) / 1e6:.1f} MB removed, which no function loads")
    compile_all(packages, in_image=options.in_image)
    make_readable(packages)


if __name__ == "__main__":
    main()
