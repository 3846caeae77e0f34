import stat
import sys

import pytest

from tidemark.errors import CommandError
from tidemark.local import compose

WELL = "#!/bin/sh\n"
"""Answers whatever it is asked."""
ILL = "#!/bin/sh\nexit 1\n"
NO_PROGRAM = "#!/nonexistent/sh\n"
HANGS = f"#!{sys.executable}\nimport time; time.sleep(60)\n"


@pytest.fixture
def machine(tmp_path):
    """Return a function that puts programs of these names and contents on a PATH that has nothing else."""

    def put(**programs):
        for name, content in programs.items():
            path = tmp_path / name.replace("_", "-")
            path.write_text(content)
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return {"PATH": str(tmp_path)}

    return put


@pytest.mark.parametrize(
    ("programs", "command"),
    [
        ({"docker": WELL}, ("docker", "compose")),
        ({"docker": WELL, "docker_compose": WELL}, ("docker", "compose")),
        ({"docker": ILL, "docker_compose": WELL}, ("docker-compose",)),
        ({"docker": NO_PROGRAM, "docker_compose": WELL}, ("docker-compose",)),
        ({"docker_compose": WELL}, ("docker-compose",)),
    ],
)
def test_the_first_that_runs_is_taken(machine, programs, command):
    assert compose.command(machine(**programs)) == command


@pytest.mark.parametrize(
    "programs", [{}, {"docker": ILL}, {"docker": ILL, "docker_compose": NO_PROGRAM}, {"docker": HANGS}]
)
def test_without_one_that_runs_the_line_says_what_to_install(machine, programs, monkeypatch):
    monkeypatch.setattr(compose, "_ANSWER_SECONDS", 0.5)

    with pytest.raises(
        CommandError, match=r"^there is no docker compose: install docker-compose-plugin, or "
    ):
        compose.command(machine(**programs))
