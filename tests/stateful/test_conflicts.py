"""However many rivals a commit has, its message is carried out by the invocation that has it, and so does not grow old.

A message that goes back to the queue is older by a whole visibility timeout (180 s) when it is committed. Time here is the
world's own: it goes on by what is slept and by a millisecond at every look.
"""

import pytest

from size_history.messages import ReconcileRequest
from size_tracking.tracker import _MAX_PAUSE_SECONDS
from tests.stateful import books
from tests.stateful.faults import Fault
from tests.stateful.machine import quiet
from tests.stateful.world import KEYS, InMemory, World

COMMIT = ("TransactWriteItems", 0)
LOOKS_SECONDS = 1
"""More than all looks at the clock take together."""


@pytest.fixture
def world():
    world = World(InMemory())
    world.ask(ReconcileRequest(world.storage.bucket(0)))
    with quiet():
        world.settle()
    return world


def assert_processed(world, *, since, within_seconds):
    assert not world.queue, "a message went back"
    assert (world.storage.time.now - since) / 1_000_000 < within_seconds
    books.assert_exact(world.storage.books(), world.listings())


@pytest.mark.parametrize("conflicts", [1, 10, 30])
def test_a_message_is_committed_by_the_invocation_that_meets_a_burst_of_conflicts(world, conflicts):
    sent = world.storage.time.now
    world.put(0, 0, 7)

    world.deliver([0], {COMMIT: Fault.CONFLICT}, attempts=conflicts)

    assert world.met[Fault.CONFLICT, COMMIT[0]] == conflicts
    assert_processed(world, since=sent, within_seconds=conflicts * _MAX_PAUSE_SECONDS + LOOKS_SECONDS)


@pytest.mark.parametrize("keys", [1, len(KEYS)])
def test_of_eight_rivals_about_to_commit_none_sends_its_message_back(world, keys):
    rivals, sent = 8, world.storage.time.now
    for number in range(rivals):
        world.put(0, number % keys, number)
        world.start_delivery([0], {}, COMMIT)

    for _ in range(rivals):
        world.resume(0, None)

    assert_processed(world, since=sent, within_seconds=rivals * _MAX_PAUSE_SECONDS + LOOKS_SECONDS)
    assert world.storage.books().totals[world.storage.bucket(0)].count == keys
