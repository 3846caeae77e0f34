import json
import logging

import pytest

from size_history.messages import ReconcileRequest
from size_history.sources import SECOND
from size_tracking import trace
from tests.stateful.faults import Fault
from tests.stateful.machine import quiet
from tests.stateful.world import InMemory, World
from tests.trace.checker import Rest
from tests.trace.lines import Totals


class Recorder(logging.Handler):
    """Keeps the lines of the trace."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(json.loads(record.getMessage()))


@pytest.fixture
def recorded(monkeypatch):
    """Let the tracker work on two buckets, and return its trace's lines and what the Ledger holds afterwards.

    A first answer to a commit is lost, so one attempt has no second line although it took place.
    """
    recorder = Recorder()
    monkeypatch.setattr(trace.log, "propagate", False)
    before = trace.log.level
    trace.log.setLevel(logging.DEBUG)
    trace.log.addHandler(recorder)
    try:
        with quiet():
            world = work()
    finally:
        trace.log.removeHandler(recorder)
        trace.log.setLevel(before)
    books = world.storage.books()
    totals = {bucket: Totals.of(each) for bucket, each in books.totals.items()}
    return recorder.lines, Rest(totals, books.peak.size)


def work():
    world = World(InMemory())
    world.fill(0, {0: 5, 1: 7})
    world.send(ReconcileRequest(world.storage.bucket(0)))
    world.settle()
    for key, size in ((0, 40), (2, 3), (1, 60), (3, 1), (2, 4)):
        world.put(0, key, size)
        world.settle()
        world.storage.time.now += 25 * SECOND  # so that the third minute has more than one sample
    world.put(0, 4, 50)
    world.deliver([0], {("TransactWriteItems", 0): Fault.LOST}, attempts=3)
    world.put(1, 0, 2)  # the other bucket is adopted by its event
    world.settle()
    world.delete(0, [0, 1])
    world.settle()
    world.put(0, 0, 50)
    world.settle()
    world.put(0, 4, 6)  # its redelivery has changed nothing
    world.settle()
    return world
