"""Every command block that is tagged `run`, as it stands: in the order of its page, in one shell, on a fresh state."""

import os
import signal
import subprocess

import pytest

from tests.docs.blocks import ROOT, pages, runnable, script_of
from tests.integration.local.conftest import environ
from tidemark.local.ports import free_port

SECONDS = 900
PAGES = [page for page in pages() if runnable(page)]


@pytest.mark.long
@pytest.mark.timeout(SECONDS + 60)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_blocks_of_a_page_run(page, tmp_path):
    state = str(tmp_path / "state")
    settings = environ(STATE=state, PORT=str(free_port()), MODE="embedded")
    with subprocess.Popen(
        ["bash", "-c", script_of(runnable(page))],
        cwd=ROOT,
        env=settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as running:
        try:
            output, _ = running.communicate(timeout=SECONDS)
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
            down = ["make", "-s", "local-down", f"STATE={state}"]
            subprocess.run(down, cwd=ROOT, env=settings, check=True, capture_output=True, timeout=SECONDS)

    assert running.returncode == 0, output


def test_the_readme_is_among_them():
    assert ROOT / "README.md" in PAGES
