import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra_cdk.images import SERVICES
from tidemark.loop.changes import changes_of, forget_bytecode, syntax_error

ROOT = Path("/repository/services")


@pytest.mark.parametrize(
    ("path", "services"),
    [
        ("plotting/src/plotting/handler.py", ("plotting",)),
        ("size_tracking/src/size_tracking/track_plan.py", ("size-tracking",)),
        ("plotting/src/plotting/openapi.yaml", ("plotting",)),
        ("size_history/src/size_history/items.py", SERVICES),
        ("plotting/README.md", ()),
        ("notes.txt", ()),
    ],
)
def test_a_source_affects_the_functions_that_run_it(path, services):
    assert changes_of([ROOT / path], ROOT).services == services


@pytest.mark.parametrize(
    ("path", "command"),
    [("plotting/pyproject.toml", "make install"), ("plotting/page/page.ts", ".venv/bin/tidemark pack-page")],
)
def test_what_no_reload_brings_into_effect_says_what_does(path, command):
    changes = changes_of([ROOT / path], ROOT)

    assert changes.services == ()
    assert changes.needs == ((ROOT / path, command),)


def test_a_file_that_does_not_compile_is_named_with_its_line(tmp_path):
    good, bad, gone = (tmp_path / name for name in ("good.py", "bad.py", "gone.py"))
    good.write_text("x = 1\n")
    bad.write_text("x = 1\nif x\n")

    assert syntax_error([good, bad, gone]) == "bad.py:2: expected ':'"
    assert syntax_error([good, gone]) is None


def test_a_change_of_the_same_size_within_the_same_second_is_not_taken_for_none(tmp_path, monkeypatch):
    module = tmp_path / "module.py"
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.chdir(tmp_path)

    for x in ("1", "2"):
        module.write_text(f"x = {x}\n")
        os.utime(module, (1_700_000_000, 1_700_000_000))
        forget_bytecode([module])

        assert (
            subprocess.check_output(
                [sys.executable, "-c", "import module; print(module.x)"], text=True
            ).strip()
            == x
        )
