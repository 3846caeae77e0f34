"""Conflicts send no message back to the queue, however many there are: the same invocation commits it.

A message that goes back to the queue is delayed by a whole visibility timeout (180 s). Time is simulated here: it advances
by each sleep, and by a millisecond at every look at the clock.
"""

import pytest

from size_history.budgets import MAX_PAUSE_SECONDS
from size_history.messages import ReconcileRequest
from tests.stateful import books
from tests.stateful.faults import Fault
from tests.stateful.machine import quiet
from tests.stateful.world import KEYS, InMemory, World

COMMIT = ("TransactWriteItems", 0)
CLOCK_SECONDS = 1
"""More than all looks at the clock take."""


@pytest.fixture
def world():
    world = World(InMemory())
    world.send(ReconcileRequest(world.storage.bucket(0)))
    with quiet():
        world.settle()
    return world


def assert_processed(world, *, since, within_seconds):
    assert not world.queue, "a message went back"
    assert (world.storage.time.now - since) / 1_000_000 < within_seconds
    books.assert_exact(world.storage.books(), world.listings())


@pytest.mark.parametrize("conflicts", [1, 10, 30])
def test_the_invocation_that_meets_a_burst_of_conflicts_commits_its_message(world, conflicts):
    sent = world.storage.time.now
    world.put(0, 0, 7)

    world.deliver([0], {COMMIT: Fault.CONFLICT}, attempts=conflicts)

    assert world.met[Fault.CONFLICT, COMMIT[0]] == conflicts
    assert_processed(world, since=sent, within_seconds=conflicts * MAX_PAUSE_SECONDS + CLOCK_SECONDS)


@pytest.mark.parametrize("keys", [1, len(KEYS)])
def test_eight_rivals_about_to_commit_send_no_message_back(world, keys):
    rivals, sent = 8, world.storage.time.now
    for number in range(rivals):
        world.put(0, number % keys, number)
        world.start_delivery([0], {}, COMMIT)

    for _ in range(rivals):
        world.resume(0, None)

    assert_processed(world, since=sent, within_seconds=rivals * MAX_PAUSE_SECONDS + CLOCK_SECONDS)
    assert world.storage.books().totals[world.storage.bucket(0)].count == keys
