"""A fault strikes the request that it is aimed at, so none is wasted on a request that it cannot harm."""

import pytest

from tests.stateful.faults import FITTING, Fault, FaultInjector
from tests.stateful.running import Tally
from tests.stateful.soak import STORY, BrokenError, _run_round

EVENT = ("BatchGetItem", "HeadObject", "HeadObject", "BatchGetItem", "TransactWriteItems")


def met(injector, requests):
    return [injector.next(operation) for operation in requests]


@pytest.mark.parametrize(
    ("aim", "fault", "number"),
    [
        (("TransactWriteItems", 0), Fault.LOST, 4),
        (("HeadObject", 1), Fault.FORBIDDEN, 2),
        (("BatchGetItem", 1), Fault.UNPROCESSED, 3),
    ],
)
def test_a_fault_strikes_the_request_that_it_is_aimed_at(aim, fault, number):
    injector = FaultInjector({aim: fault})

    found = met(injector, EVENT)

    assert found == [fault if at == number else None for at in range(len(EVENT))]
    assert injector.met == {(fault, aim[0]): 1}


def test_a_fault_strikes_as_many_requests_of_its_operation_as_attempts_says():
    injector = FaultInjector({("HeadObject", 1): Fault.TIMEOUT}, attempts=3)

    assert met(injector, ["HeadObject"] * 6) == [None, *[Fault.TIMEOUT] * 3, None, None]


def test_every_fault_fits_some_request():
    assert {fault for fitting in FITTING.values() for fault in fitting} == set(Fault)


def test_a_soak_that_fails_prints_one_line_with_what_broke_the_seed_and_the_command(tmp_path, monkeypatch):
    def run(seed: int) -> Tally:
        raise ExceptionGroup("two", [AssertionError("totals are the sum of the rows: 3 instead of 5\nmore")])

    monkeypatch.chdir(tmp_path)
    with pytest.raises(BrokenError) as broken:
        _run_round(7, run)

    assert str(broken.value) == (
        "broken: totals are the sum of the rows: 3 instead of 5; seed 7; again: TIDEMARK_SEED=7 make soak MINUTES=0; "
        "its shortest history: .local/soak-failure.txt"
    )
    assert "more" in (tmp_path / STORY).read_text()
