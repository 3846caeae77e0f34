"""Which versions of Python will do. tests/integration/local/test_install.py takes modules and programs away."""

import sys

import pytest

from tidemark.installation.install import problem


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 9), (3, 13, 1)])
def test_a_supported_python_will_do(version, monkeypatch):
    monkeypatch.setattr(sys, "version_info", version)

    assert problem() is None


@pytest.mark.parametrize("version", [(3, 6, 15), (3, 10, 13), (3, 14, 0), (4, 0, 0)])
def test_another_python_is_named_with_its_version(version, monkeypatch):
    monkeypatch.setattr(sys, "version_info", version)

    assert f"{sys.executable} is Python {'.'.join(map(str, version))}; Tidemark needs 3.11" in problem()
