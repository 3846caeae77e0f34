"""An outage that a check has seen ends exact and live, and the histories would notice if it did not."""

import pytest

from size_history.messages import ReconcileRequest
from size_history.sources import SECOND, SECOND_RUN_SECONDS, Hearing
from size_tracking.step_queue import StepQueue
from tests.stateful import books
from tests.stateful.machine import quiet
from tests.stateful.world import InMemory, World

_send = StepQueue.send


@pytest.fixture
def world():
    world = World(InMemory())
    with quiet():
        for number in range(2):
            world.send(ReconcileRequest(world.storage.bucket(number)))
        world.settle()
        wait(world)
        yield world


def deliver_all(world):
    while world.queue:
        world.deliver([0], {})


def check(world):
    world.check()
    deliver_all(world)
    return world.storage.books().sources[world.storage.bucket(0)].hearing


def wait(world, seconds=SECOND_RUN_SECONDS):
    world.storage.time.now += seconds * SECOND
    world.deliver([0], {})
    deliver_all(world)


@pytest.mark.parametrize("rule", [False, True], ids=["a bucket", "the rule"])
def test_changes_of_an_outage_are_found_and_the_bucket_is_heard_after_the_second_run(world, rule):
    world.switch(0, rule=rule)
    world.put(0, 0, 7)

    assert check(world) is Hearing.DEAF
    world.switch(0, rule=rule)
    assert check(world) is Hearing.RECOVERING

    wait(world)
    found = world.storage.books()
    books.assert_exact(found, world.listings())
    assert found.rows[world.storage.bucket(0)] == {"a": 7}


def test_a_bucket_that_is_gone_and_made_anew_is_deaf_until_its_events_are_on(world):
    world.put(0, 0, 7)
    world.remove(0)
    assert check(world) is Hearing.GONE

    world.put(0, 0, 3)
    assert check(world) is Hearing.DEAF
    world.switch(0, rule=False)
    assert check(world) is Hearing.RECOVERING

    wait(world)
    books.assert_exact(world.storage.books(), world.listings())


def test_an_outage_that_no_check_saw_is_mended_by_a_reconcile_only(world):
    world.switch(0, rule=False)
    world.put(0, 0, 7)
    world.switch(0, rule=False)

    assert check(world) is Hearing.HEARD
    with pytest.raises(AssertionError, match="at rest the rows are the listing"):
        books.assert_exact(world.storage.books(), world.listings())
    world.settle()
    books.assert_exact(world.storage.books(), world.listings())


def test_the_rest_of_a_history_fails_if_the_second_run_comes_at_once(world, monkeypatch):
    def send_at_once(self, message, *, delay_seconds=0):
        _send(self, message)

    monkeypatch.setattr(StepQueue, "send", send_at_once)
    world.switch(0, rule=False)
    check(world)

    world.settle()

    with pytest.raises(AssertionError, match="at rest every bucket is heard"):
        books.assert_exact(world.storage.books(), world.listings())
