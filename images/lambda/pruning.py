"""What a function never loads of its packages, and how it is taken out of them.

Runs in the image's builder, on nothing but the standard library. What is listed here was seen to be unused; that it
still is, tests/docker proves by running every service from its image.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

MODELS = ("dynamodb", "s3", "sqs")
"""The services whose API descriptions are kept: every boto3 client that a function makes needs its own."""

UNUSED = (
    # Needed by nobody who only runs the package.
    "**/tests",
    "**/*.pyi",
    "**/*.pyx",
    "**/*.pxd",
    "**/*.a",
    "bin",
    "share",
    # The other way of using boto3, `resource`, and the examples in the documentation.
    "boto3/data",
    "boto3/examples",
    "botocore/data/*/*/examples-1.json*",
    # For compiling against numpy, or Fortran with it.
    "numpy/_core/include",
    "numpy/distutils",
    "numpy/f2py",
    "numpy/random/lib",
    # A picture is PNG or SVG: nobody embeds fonts into a PDF, reads AVIF, or presses buttons in a window.
    "fontTools/cffLib",
    "fontTools/cu2qu",
    "fontTools/designspaceLib",
    "fontTools/feaLib",
    "fontTools/merge",
    "fontTools/mtiLib",
    "fontTools/otlLib",
    "fontTools/pens",
    "fontTools/qu2cu",
    "fontTools/subset",
    "fontTools/svgLib",
    "fontTools/t1Lib",
    "fontTools/ttLib",
    "fontTools/ufoLib",
    "fontTools/varLib",
    "fontTools/voltLib",
    "PIL/_avif.*",
    "pillow.libs/libavif-*",
    "matplotlib/mpl-data/fonts/afm",
    "matplotlib/mpl-data/fonts/pdfcorefonts",
    "matplotlib/mpl-data/images",
    "matplotlib/mpl-data/plot_directive",
    "matplotlib/mpl-data/sample_data",
)
"""Glob patterns below the directory that the packages are in; what matches one goes."""


def prune(packages: Path) -> int:
    """Take out what is not used below a directory of packages and return how many bytes that was."""
    return sum(_remove(path) for path in _unused(packages))


def _unused(packages: Path) -> Iterator[Path]:
    for pattern in UNUSED:
        yield from sorted(packages.glob(pattern))
    models = packages / "botocore" / "data"
    if models.is_dir():
        yield from (path for path in sorted(models.iterdir()) if path.is_dir() and path.name not in MODELS)


def _remove(path: Path) -> int:
    if not path.exists():  # it went with a directory above it
        return 0
    if not path.is_dir():
        size = path.stat().st_size
        path.unlink()
        return size
    size = sum(file.lstat().st_size for file in path.rglob("*") if file.is_file())
    shutil.rmtree(path)
    return size
