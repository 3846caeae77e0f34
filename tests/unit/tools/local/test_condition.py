import pytest

from tidemark.local.condition import Condition, Kind, judge

BOTH = {"dynamodb": 11, "localstack": 12}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (
            {"recorded": {}, "alive": set(), "completed": False, "strays": 0, "empty": True},
            Condition(Kind.ABSENT),
        ),
        (
            {
                "recorded": BOTH,
                "alive": {"dynamodb", "localstack"},
                "completed": True,
                "strays": 0,
                "empty": False,
            },
            Condition(Kind.UP),
        ),
        (
            {"recorded": BOTH, "alive": {"localstack"}, "completed": True, "strays": 0, "empty": False},
            Condition(Kind.HALF, ("the DynamoDB engine (pid 11) is gone",)),
        ),
        (
            {
                "recorded": BOTH,
                "alive": {"dynamodb", "localstack"},
                "completed": False,
                "strays": 0,
                "empty": False,
            },
            Condition(Kind.HALF, ("its start was never finished",)),
        ),
        (
            {
                "recorded": {"dynamodb": 11},
                "alive": {"dynamodb"},
                "completed": False,
                "strays": 0,
                "empty": False,
            },
            Condition(Kind.HALF, ("LocalStack was not started", "its start was never finished")),
        ),
        (
            {"recorded": BOTH, "alive": set(), "completed": True, "strays": 0, "empty": False},
            Condition(Kind.HALF, ("the DynamoDB engine (pid 11) is gone", "LocalStack (pid 12) is gone")),
        ),
    ],
)
def test_the_condition_names_every_fault(found, expected):
    assert judge(**found) == expected


def test_processes_that_nobody_recorded_make_it_half_there():
    condition = judge(recorded={}, alive=set(), completed=False, strays=2, empty=True)

    assert condition.kind is Kind.HALF
    assert "2 processes of it still run" in condition.faults
