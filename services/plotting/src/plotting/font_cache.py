"""Where matplotlib keeps its list of fonts: it takes half a second to make, and its directory must be writable.

An image makes the list when it is built (`MPLCONFIGDIR=/some/where python -c "import matplotlib.font_manager"`) and
leaves MPLCONFIGDIR at that directory. In Lambda that is read-only, so the list is copied to where one may write.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import MutableMapping
from pathlib import Path

DIRECTORY = "MPLCONFIGDIR"


def prepare(environ: MutableMapping[str, str]) -> None:
    """Point MPLCONFIGDIR at a writable copy, if it names a directory that is not; before matplotlib is imported."""
    baked = environ.get(DIRECTORY)
    if not baked or os.access(baked, os.W_OK):
        return
    own = tempfile.mkdtemp(prefix="matplotlib-")
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    for font_list in Path(baked).glob("fontlist-*.json"):
        shutil.copyfile(font_list, Path(own) / font_list.name)
    environ[DIRECTORY] = own
