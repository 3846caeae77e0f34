"""Removes the parts of packages that no function loads.

It runs in the image's builder, with only the standard library. tests/docker runs every service from its image, which
proves that the removed parts are not needed.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

MODELS = ("dynamodb", "events", "s3", "sqs")
"""AWS services whose API descriptions are kept. Every boto3 client of a function needs its own."""

UNUSED = (
    # Needed only to develop the package.
    "**/tests",
    "**/*.pyi",
    "**/*.pyx",
    "**/*.pxd",
    "**/*.a",
    "bin",
    "share",
    # boto3's `resource` interface, and examples of its documentation.
    "boto3/data",
    "boto3/examples",
    "botocore/data/*/*/examples-1.json*",
    # For compiling against numpy, and its Fortran support.
    "numpy/_core/include",
    "numpy/distutils",
    "numpy/f2py",
    "numpy/random/lib",
    # A picture is PNG or SVG. It needs no fonts for PDF, no AVIF and no buttons of a window.
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
"""Glob patterns below the packages' directory. Everything that matches is removed."""


def prune(packages: Path) -> int:
    """Remove the unused parts below a directory of packages and return their size in bytes."""
    return sum(_remove(path) for path in _unused(packages))


def _unused(packages: Path) -> Iterator[Path]:
    for pattern in UNUSED:
        yield from sorted(packages.glob(pattern))
    models = packages / "botocore" / "data"
    if models.is_dir():
        yield from (path for path in sorted(models.iterdir()) if path.is_dir() and path.name not in MODELS)


def _remove(path: Path) -> int:
    if not path.exists():  # it was removed with a directory above it
        return 0
    if not path.is_dir():
        size = path.stat().st_size
        path.unlink()
        return size
    size = sum(file.lstat().st_size for file in path.rglob("*") if file.is_file())
    shutil.rmtree(path)
    return size
