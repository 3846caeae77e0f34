import psutil
import pytest

from tidemark.local.condition import Condition, Kind, inspect
from tidemark.local.embedded import faults
from tidemark.local.state import Environment, ProcessRecord, StateDirectory

BOTH = {"dynamodb": 11, "localstack": 12}


@pytest.mark.parametrize(
    ("recorded", "alive", "expected"),
    [
        (BOTH, {"dynamodb", "localstack"}, []),
        (BOTH, {"localstack"}, ["the DynamoDB engine (pid 11) is gone"]),
        ({"dynamodb": 11}, {"dynamodb"}, ["LocalStack was not started"]),
        (BOTH, set(), ["the DynamoDB engine (pid 11) is gone", "LocalStack (pid 12) is gone"]),
    ],
)
def test_every_process_that_does_not_run_is_a_fault(recorded, alive, expected):
    assert faults(recorded, alive, strays=0, empty=False) == expected


def test_processes_that_nobody_recorded_are_a_fault_even_of_an_empty_directory():
    assert faults({}, set(), strays=0, empty=True) == []
    assert "2 processes of it still run" in faults({}, set(), strays=2, empty=True)


@pytest.fixture
def state(tmp_path):
    state = StateDirectory.at(str(tmp_path / "state"))
    state.create()
    return state


def test_a_directory_that_does_not_exist_holds_no_environment(tmp_path):
    assert inspect(StateDirectory.at(str(tmp_path / "none"))) == Condition(Kind.ABSENT)


def test_a_start_that_was_not_finished_left_half_an_environment(state):
    state.record(ProcessRecord("localstack", 2**22 + 1, 1.0))

    assert inspect(state) == Condition(
        Kind.HALF,
        (
            "the DynamoDB engine was not started",
            f"LocalStack (pid {2**22 + 1}) is gone",
            "its start was never finished",
        ),
    )


def test_an_environment_whose_processes_run_is_up(state, sleepers):
    for record in sleepers:
        state.record(record)

    before = inspect(state)
    state.complete(Environment("http://127.0.0.1:1", {}))

    assert before == Condition(Kind.HALF, ("its start was never finished",))
    assert inspect(state) == Condition(Kind.UP)


@pytest.fixture
def sleepers():
    """Return two records of a process that runs: this one."""
    ours = psutil.Process()
    return [ProcessRecord(name, ours.pid, ours.create_time()) for name in BOTH]
