"""The worlds that are explored to the last state: `BOUNDED` by `make test`, `DEEP` by `make prove`, too."""

from tests.property.model.configuration import Budget, Configuration
from tests.property.model.messages import request, request_for_all

ONE = (("one", "a"),)
TWO = (("one", "a"), ("one", "p/b"))
SAME_PREFIX = (("one", "p/a"), ("one", "p/b"))
SAME_SHARD = (("one", "a"), ("one", "bx"))
BUCKETS = (("one", "a"), ("two", "b"))


def changes(name: str, keys: tuple[tuple[str, str], ...], operations: int, **more) -> Configuration:
    """Return a live bucket, empty by default, whose keys change under two handlers."""
    faults = {fault: more.pop(fault) for fault in Budget._fields if fault in more}
    return Configuration(name, keys, more.pop("handlers", 2), Budget(operations, **faults), **more)


def adoption(name: str, keys: tuple[tuple[str, str], ...], operations: int, **more) -> Configuration:
    """Return an unknown bucket with objects, and a request to reconcile it with one object per page."""
    defaults = {"in_s3": (1, 2)[: len(keys)], "messages": (request("one"),), "page": 1, "live": False}
    return changes(name, keys, operations, **(defaults | more))


def drift(name: str, operations: int, **more) -> Configuration:
    """Return a live bucket that has lost events, and a request to reconcile it."""
    defaults = {"in_s3": (1, None), "recorded": (2, 1), "messages": (request("one"),)}
    return changes(name, more.pop("keys", TWO), operations, **(defaults | more))


def outage(name: str, operations: int, **more) -> Configuration:
    """Return a live bucket whose events are off, which a check has found. They are switched on, and checked again."""
    defaults = {"in_s3": (1,), "sizes": (1,), "handlers": 1, "switches": 1, "checks": 1}
    more = {"timed": True, "deaf": True} | defaults | more
    return changes(name, more.pop("keys", ONE), operations, **more)


BOUNDED = (
    changes("4 changes of a key", ONE, 4),
    changes("3 changes of a key, each event once or twice", ONE, 3, duplicates=3),
    changes("3 changes of 2 keys in a chunk", TWO, 3, batch=2),
    changes("2 changes of 2 keys, crash", TWO, 2, batch=2, crashes=1),
    changes("2 changes of 2 keys, lost answer", TWO, 2, batch=2, lost=1),
    changes("2 changes of 2 keys, zombie", TWO, 2, batch=2, zombies=1),
    changes("2 changes of 2 keys, each event once or twice", TWO, 2, batch=2, duplicates=2),
    changes(
        "2 changes of 2 keys of a prefix, conflict, HEAD fails, time out",
        SAME_PREFIX,
        2,
        batch=2,
        conflicts=1,
        unanswered=1,
        late=1,
    ),
    changes("3 changes in 2 buckets, conflict", BUCKETS, 3, split_totals=True, conflicts=1),
    changes("3 changes of a key, its tombstone expires twice", ONE, 3, expiries=2),
    changes("3 changes of a key, stale reads", ONE, 3, stale=3, split_totals=True),
    adoption("adoption, change", TWO, 1),
    adoption("adoption, crash", TWO, 0, crashes=1),
    adoption("adoption, lost answer", TWO, 0, lost=1),
    adoption("adoption, step twice", TWO, 0, duplicates=1),
    adoption("adoption, stale run", ONE, 0, delays=1, messages=(request("one"),) * 2),
    adoption("adoption by an event", ONE, 2, messages=(), in_s3=(None,)),
    drift("lost events heal", 1, page=1),
    drift("lost events heal, crash, time out twice", 0, chunk=1, late=2, crashes=1),
    drift("lost events heal, rows read in part, crash", 0, keys=SAME_SHARD, short=2, crashes=1),
)

# The largest last.
DEEP = (
    changes(
        "every bucket reconciled, event in the same batch",
        BUCKETS,
        1,
        in_s3=(1, 2),
        recorded=(2, None),
        messages=(request_for_all(),),
        batch=2,
    ),
    adoption("adoption, change, stale reads", ONE, 1, stale=2),
    drift("lost events heal, change, step twice", 1, page=1, duplicates=1),
    changes("4 changes of 2 keys in a chunk", TWO, 4, batch=2),
    adoption("adoption by events", TWO, 2, messages=(), in_s3=(1, None)),
    changes("3 changes of a key, tombstones expire, crash, zombie", ONE, 3, expiries=2, crashes=1, zombies=1),
    adoption("adoption of 2 buckets", BUCKETS, 1, messages=(request("one"), request("two"))),
    adoption("adoption, crash, stale run", ONE, 0, crashes=1, delays=1, messages=(request("one"),) * 2),
    changes(
        "2 changes of 2 keys, crash, lost answer, each event once or twice",
        TWO,
        2,
        batch=2,
        crashes=1,
        lost=1,
        duplicates=2,
    ),
    changes(
        "3 changes in 2 buckets, crash, lost answer, conflict",
        BUCKETS,
        3,
        split_totals=True,
        conflicts=1,
        crashes=1,
        lost=1,
    ),
    changes("2 changes of 2 keys, crash, lost answer, zombie", TWO, 2, batch=2, crashes=1, lost=1, zombies=1),
    changes("3 handlers, 3 changes of a key, each event once or twice", ONE, 3, handlers=3, duplicates=3),
    adoption("adoption, change, HEAD fails, time out", TWO, 1, unanswered=1, late=1),
    adoption("adoption of a key, change, crash, step twice", ONE, 1, crashes=1, duplicates=1),
    adoption("adoption of a key, change, lost answer, step twice", ONE, 1, lost=1, duplicates=1),
    adoption("adoption, change, conflict", TWO, 1, conflicts=1),
    adoption("adoption of 2 keys, change, step twice", TWO, 1, duplicates=1),
    changes(
        "2 changes of 2 keys, zombie, each event once or twice", TWO, 2, batch=2, zombies=1, duplicates=2
    ),
    adoption("adoption of 2 keys, change, crash", TWO, 1, crashes=1),
    changes("4 changes of a key, crash, lost answer", ONE, 4, crashes=1, lost=1),
    changes("3 changes of a key, crash, lost answer, zombie", ONE, 3, crashes=1, lost=1, zombies=1),
    changes(
        "2 changes of 2 keys (one size), crash, lost answer, zombie, an event twice",
        TWO,
        2,
        sizes=(1,),
        batch=2,
        crashes=1,
        lost=1,
        zombies=1,
        duplicates=1,
    ),
)
