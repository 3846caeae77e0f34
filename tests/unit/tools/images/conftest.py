import importlib
import sys
from pathlib import Path

import pytest

BUILDER = Path(__file__).parents[4] / "images" / "lambda"


@pytest.fixture
def script(monkeypatch):
    """Return a function that imports a script of the image's builder by name."""
    monkeypatch.syspath_prepend(str(BUILDER))
    before = set(sys.modules)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        del sys.modules[name]
