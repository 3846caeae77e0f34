import fcntl
import shutil

import pytest

from tidemark.errors import CommandError
from tidemark.local.state import Environment, ProcessRecord, StateDirectory

RECORD = ProcessRecord("localstack", 12, 1_700_000_000.25)


@pytest.fixture
def state(tmp_path):
    state = StateDirectory.at(str(tmp_path / "state"))
    state.create()
    return state


def test_records_and_environment_are_read_back(state):
    environment = Environment("http://127.0.0.1:1", {"A": "b"})

    state.record(RECORD)
    state.complete(environment)

    assert state.records() == [RECORD]
    assert state.environment() == environment


@pytest.mark.parametrize("content", ["", "{", "{}", '{"pid": 1}', "[]", "[1]"])
def test_what_was_cut_off_counts_as_none(state, content):
    (state.root / "localstack.pid").write_text(content)
    (state.root / "environment.json").write_text(content)

    assert state.records() == []
    assert state.environment() is None


def test_removing_takes_everything_of_ours_and_nothing_else(state):
    state.record(RECORD)
    state.write_functions({})
    state.log("localstack").write_text("line")
    state.complete(Environment("http://127.0.0.1:1", {}))
    (state.root / "mine.txt").write_text("somebody's")

    state.remove()

    assert [path.name for path in state.root.iterdir()] == ["mine.txt"]
    assert state.is_empty()


def test_logs_can_be_kept(state):
    state.log("localstack").write_text("why it failed")

    state.remove(keep_logs=True)

    assert state.log("localstack").read_text() == "why it failed"
    assert state.is_empty()


def test_a_directory_that_was_removed_before_it_was_locked_is_made_anew(state, monkeypatch):
    lock = fcntl.flock
    removals = iter([state.root])

    def remove_first(descriptor, operation):
        for directory in removals:
            shutil.rmtree(directory)
        lock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", remove_first)

    with state.alone():
        assert state.root.is_dir()


def test_a_file_in_its_place_is_refused(tmp_path):
    (tmp_path / "state").touch()

    with pytest.raises(CommandError, match="is no directory"):
        StateDirectory.at(str(tmp_path / "state"))


@pytest.mark.parametrize("below", ["", "state", "state/deeper", "absent"])
def test_a_directory_that_we_may_not_enter_is_refused_in_one_line_with_the_fix(forbidden, below):
    path = str(forbidden / below)

    with pytest.raises(CommandError) as raised:
        StateDirectory.at(path)

    assert (
        str(raised.value) == f"STATE: cannot use {path}: Permission denied: choose another one: STATE=.local"
    )


def test_a_name_that_no_file_can_have_is_refused_in_one_line():
    with pytest.raises(CommandError, match=r"^STATE: cannot use x+: File name too long: choose another one"):
        StateDirectory.at("x" * 300)
