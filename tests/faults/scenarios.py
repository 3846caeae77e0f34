"""What the functions do, so that together they make every call to AWS that they can make."""

from collections.abc import Callable
from dataclasses import dataclass

from size_history.messages import ReconcileEveryBucket, ReconcileRequest, ReconcileStep, WatchEveryBucket
from size_history.sources import Source, Status, status_of
from size_tracking.transaction import put_run
from size_tracking.values import Run
from tests.faults.system import DATA, SECOND, System
from tests.stateful import books

OTHER = "other-bucket"


@dataclass(frozen=True)
class Scenario:
    """Work for a function: what is there before, and what it then does. `settle` is part of both."""

    name: str
    prepare: Callable[[System], None]
    act: Callable[[System], None]


def live(system: System) -> None:
    """Have the data bucket adopted with three objects, and checked."""
    for key, size in (("a", 5), ("films/b", 7), ("films/c", 0)):
        system.put(key, size)
    system.settle()
    system.ask(WatchEveryBucket())
    system.settle()


def empty(system: System) -> None:
    """Leave everything as it is."""


def tracked(system: System) -> None:
    """Have another bucket tracked, as `make track` does, with objects that no event tells of."""
    system.cloud.make_bucket(OTHER)
    source = Source(since=system.now)
    system.cloud.tables.put_item(TableName="ledger", Item=source.to_item(OTHER))
    for number in range(5):
        system.cloud.s3.put(OTHER, f"{number}", number, f"{number}", system.now)


def cut_off(system: System) -> None:
    """Have the other bucket tracked, and its adoption begun by a handler that died before it created the totals."""
    system.cloud.make_bucket(OTHER)
    source, run = Source(since=system.now), Run("begun", 1000, started=system.now, moved=system.now)
    system.cloud.tables.put_item(TableName="ledger", Item=source.to_item(OTHER))
    system.cloud.tables.put_item(**put_run("ledger", OTHER, run))


def event(system: System) -> None:
    system.put("a", 6)
    system.settle()


def batch(system: System) -> None:
    """Process many kinds of changes at once: put, overwritten, deleted, refused by HEAD, and a duplicate."""
    system.cloud.sealed |= {"sealed/d", "sealed/gone"}
    for key, size in (("a", 50), ("new/e", 9), ("sealed/d", 3), ("sealed/gone", 1)):
        system.put(key, size)
    system.delete("sealed/gone")
    system.delete("films/b")
    system.event(DATA, "a")
    system.settle()


def adoption_by_an_event(system: System) -> None:
    system.put("a", 3)
    system.settle()


def adoption_by_a_request(system: System) -> None:
    system.ask(ReconcileRequest(OTHER, page_size=2))
    system.settle()


def adoption_cut_off(system: System) -> None:
    system.ask(ReconcileStep(OTHER, "begun", ""))
    system.settle()


def reconcile(system: System) -> None:
    """Heal what no event told of, page by page; HEAD refuses one of the keys."""
    system.cloud.sealed.add("zz/sealed")
    for key, size in (("0", 1), ("films/b", 70), ("zz/sealed", 8)):
        system.cloud.s3.put(DATA, key, size, f"lost-{size}", system.now)
    del system.cloud.s3.buckets[DATA]["a"]
    system.ask(ReconcileRequest(DATA, page_size=2))
    system.settle()


def reconcile_again(system: System) -> None:
    """Ask for another run while one goes on that has passed a key which then changes without an event."""
    for number in range(4):
        system.cloud.s3.put(DATA, f"films/{number}", 2, "lost", system.now)
    system.ask(ReconcileRequest(DATA, page_size=2))
    system.deliver()
    system.deliver()
    system.cloud.s3.put(DATA, "0", 4, "lost", system.now)
    system.ask(ReconcileRequest(DATA, page_size=2))
    system.settle()


def daily(system: System) -> None:
    system.cloud.s3.put(DATA, "films/b", 8, "lost", system.now)
    system.ask(ReconcileEveryBucket())
    system.settle()


def watch(system: System) -> None:
    """Check a bucket that is heard, and one that the account's list lacks."""
    system.cloud.unlisted.add(DATA)
    system.ask(WatchEveryBucket())
    system.settle()
    system.cloud.unlisted.clear()


def watch_deaf(system: System) -> None:
    """Check a bucket whose events are turned off, and on again after an object was put."""
    system.cloud.mute.add(DATA)
    system.put("unheard", 9)
    system.ask(WatchEveryBucket())
    system.settle()
    system.cloud.mute.clear()
    system.ask(WatchEveryBucket())
    system.settle()


def watch_gone(system: System) -> None:
    """Check a bucket that was deleted, and made anew with another object."""
    before = system.cloud.s3.buckets.pop(DATA)
    system.ask(WatchEveryBucket())
    system.settle()
    assert before
    system.now += 60 * SECOND
    system.cloud.make_bucket(DATA)
    system.cloud.s3.put(DATA, "successor", 5, "new", system.now)
    system.ask(WatchEveryBucket())
    system.settle()


TRACKER = (
    Scenario("event", live, event),
    Scenario("batch", live, batch),
    Scenario("adoption by an event", empty, adoption_by_an_event),
    Scenario("adoption by a request", tracked, adoption_by_a_request),
    Scenario("adoption that was cut off", cut_off, adoption_cut_off),
    Scenario("reconcile", live, reconcile),
    Scenario("reconcile again", live, reconcile_again),
    Scenario("daily reconcile", live, daily),
    Scenario("watch", live, watch),
    Scenario("watch, deaf", live, watch_deaf),
    Scenario("watch, gone", live, watch_gone),
)

ROUTES = (
    ("GET", "/plot", {"format": "json"}),
    ("POST", "/plot", {}),
    ("GET", "/history", {"limit": "2"}),
    ("GET", "/size", {}),
    ("GET", "/size", {"at": "now"}),
    ("GET", "/count", {}),
    ("GET", "/buckets", {}),
    ("GET", "/prefixes", {}),
    ("GET", "/range", {}),
    ("GET", "/health", {}),
    ("GET", "/openapi.yaml", {}),
    ("GET", "/", {}),
)
"""A request for each route. A test holds that none is left out."""


def settled_wrong(system: System) -> str:
    """Return what is wrong at rest after everything that was lost is reconciled, or nothing."""
    if any("not counted" in record.getMessage() for record in system.told.errors):
        # S3 refused to show a key in a run: the next one counts it.
        for bucket in system.books().totals:
            system.ask(ReconcileRequest(bucket))
        system.settle()
    if _unheard(system):
        system.ask(WatchEveryBucket())
        system.settle()
    found = system.books()
    listings = {
        bucket: {key: entry["Size"] for key, entry in system.cloud.s3.buckets[bucket].items()}
        for bucket in found.totals
    }
    try:
        assert found.totals, "no bucket is tracked"
        books.assert_consistent(found)
        books.assert_exact(found, listings)
        books.assert_ended(found)
        assert not _unheard(system), f"not live: {_unheard(system)}"
        assert not system.dead, f"dead letters: {[message.body for message in system.dead]}"
    except AssertionError as error:
        return str(error)
    return ""


def _unheard(system: System) -> list[str]:
    """Return the tracked buckets whose public state is not live."""
    ledger, now = system.cloud.tables.tables["ledger"].values(), system.now
    rows = {
        item["sk"]["S"].removeprefix("bucket/"): Source.from_item(item)
        for item in ledger
        if item["pk"]["S"] == "*" and item["sk"]["S"] != "peak"
    }
    totals = system.books().totals
    return [
        bucket
        for bucket, source in rows.items()
        if status_of(totals.get(bucket), source, now).state is not Status.LIVE
    ]
