"""What each limit of time must keep to, one by one; tests/docs/test_budgets.py adds them up."""

import pytest
from botocore.config import Config

from size_history import budgets
from size_history.budgets import Client, Function

CLIENT = Client(connect_seconds=1, read_seconds=4, attempts=3, back_off_seconds=2)
API = Client(connect_seconds=2, read_seconds=30, attempts=1)
FUNCTION = Function(
    timeout_seconds=100,
    clients={"a": CLIENT, "b": Client(connect_seconds=1, read_seconds=1, attempts=1)},
    finish_seconds=3,
    afterwards={"api": API},
)


def test_the_limits_are_these():
    """Each was chosen for a reason that stands beside it; a change must be meant."""
    assert budgets.BACK_OFF_SECONDS == 1  # botocore's own
    assert budgets.GATEWAY_SECONDS == 29  # AWS's
    assert (budgets.VISIBILITY_TIMEOUTS, budgets.MAX_RECEIVES) == (6, 5)  # AWS's advice
    assert (budgets.MAX_READS, budgets.FIRST_READ_PAUSE_SECONDS) == (8, 0.02)
    assert (budgets.FIRST_PAUSE_SECONDS, budgets.MAX_PAUSE_SECONDS) == (0.02, 0.5)
    assert (budgets.LANDING_SECONDS, budgets.POLL_SECONDS) == (3, 0.1)


@pytest.mark.parametrize(
    ("name", "limits"),
    [
        ("TRACKER", {"timeout": 30, "s3": (1, 4, 3), "dynamodb": (1, 4, 3), "sqs": (1, 4, 3), "events": (1, 4, 3), "finish": 1}),
        ("PLOTTING", {"timeout": 28, "s3": (1, 5, 2), "dynamodb": (1, 5, 2), "sqs": (1, 1, 1), "finish": 4}),
        ("DRIVER", {"timeout": 300, "s3": (2, 5, 3), "dynamodb": (2, 5, 3), "sqs": (2, 5, 3), "api": (2, 30, 1), "finish": 1}),
    ],
    ids=["tracker", "plotting", "driver"],
)  # fmt: skip
def test_a_function_and_its_clients_have_these_limits(name, limits):
    function = getattr(budgets, name)
    clients = {**function.clients, **function.afterwards}
    found = {
        name: (client.connect_seconds, client.read_seconds, client.attempts)
        for name, client in clients.items()
    }

    assert {**found, "timeout": function.timeout_seconds, "finish": function.finish_seconds} == limits


@pytest.mark.parametrize("name", ["TRACKER", "PLOTTING", "DRIVER"])
def test_no_client_waits_without_a_limit_or_as_long_as_botocore_would(name):
    """botocore's own defaults are 60 seconds to connect and 60 to wait for the answer."""
    function = getattr(budgets, name)
    for client in function.clients.values():
        assert 0 < client.attempt_seconds <= 7
        assert 1 <= client.attempts <= 3
    assert function.reserve_seconds > 0
    assert function.working_seconds > function.timeout_seconds / 2


def test_pauses_are_neither_none_nor_long():
    pauses = [budgets.FIRST_READ_PAUSE_SECONDS * 2**number for number in range(budgets.MAX_READS - 1)]

    assert 2 < sum(pauses) < 3
    assert 0 < budgets.FIRST_PAUSE_SECONDS < budgets.MAX_PAUSE_SECONDS < 1
    assert 0.05 <= budgets.POLL_SECONDS <= 0.5


def test_a_client_adds_up():
    assert CLIENT.attempt_seconds == 5
    assert CLIENT.max_pause_seconds == 4
    assert CLIENT.tail_seconds == 9
    assert CLIENT.longest_seconds == 3 * 5 + 2 + 4


@pytest.mark.parametrize(("attempts", "pause", "longest"), [(1, 0, 5), (2, 2, 12), (4, 8, 20 + 14)])
def test_pauses_double_and_there_is_none_before_the_first_attempt(attempts, pause, longest):
    client = Client(connect_seconds=1, read_seconds=4, attempts=attempts, back_off_seconds=2)

    assert (client.max_pause_seconds, client.longest_seconds) == (pause, longest)


def test_a_client_without_its_own_back_off_has_botocores():
    assert Client(connect_seconds=1, read_seconds=1, attempts=2).back_off_seconds == budgets.BACK_OFF_SECONDS


def test_botocore_gets_the_limits():
    config = Config(**CLIENT.config())

    assert (config.connect_timeout, config.read_timeout) == (1, 4)
    assert config.retries == {"mode": "standard", "total_max_attempts": 3}


def test_a_function_adds_up():
    assert FUNCTION.reserve_seconds == 9 + 32 + 3
    assert FUNCTION.working_seconds == 100 - 44


def test_a_shrunk_budget_has_every_time_divided_and_every_count_kept():
    shrunk = FUNCTION.shrunk(10)

    assert (shrunk.timeout_seconds, shrunk.finish_seconds) == (10, 0.3)
    assert shrunk.clients["a"] == Client(
        connect_seconds=0.1, read_seconds=0.4, attempts=3, back_off_seconds=0.2
    )
    assert shrunk.clients["b"].read_seconds == 0.1
    assert shrunk.afterwards["api"] == Client(
        connect_seconds=0.2, read_seconds=3, attempts=1, back_off_seconds=0.1
    )
    assert shrunk.reserve_seconds == pytest.approx(FUNCTION.reserve_seconds / 10)
