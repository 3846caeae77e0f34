"""The worlds that are explored to the last state: `BOUNDED` by `make test`, `DEEP` by `make prove`, too."""

from tests.property.model.configuration import Budget, Configuration
from tests.property.model.messages import read, recompute, request, request_for_all
from tests.property.model.path import Signal

ONE = (("one", "a"),)
TWO = (("one", "a"), ("one", "p/b"))
SAME_PREFIX = (("one", "p/a"), ("one", "p/b"))
SAME_SHARD = (("one", "a"), ("one", "bx"))
BUCKETS = (("one", "a"), ("two", "b"))
SMALL = {"in_s3": (1, 1), "sizes": (1,)}
"""Objects of one size, so that a change is a delete."""
PAGES = {"keys": TWO, "in_s3": (1, 1), "page": 1}
"""Two keys on two pages, so that a run may have passed one of them."""


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


def first_minutes(name: str, keys: tuple[tuple[str, str], ...], operations: int, **more) -> Configuration:
    """Return an unknown bucket whose events are being turned on, and the request that adopts it."""
    defaults = {"handlers": 1, "sizes": (1,), "in_s3": (1,), "timed": True, "signal": Signal.TURNING}
    return adoption(name, keys, operations, **(defaults | more))


UNITS = (2, 4, 8)
"""A minute of two microseconds, an hour of four and a day of eight: a few samples close them, since no two share a time."""


def rolled(name: str, operations: int, **more) -> Configuration:
    """Return a live bucket whose key changes, and whose samples are in short intervals; the last one may get another."""
    return changes(name, more.pop("keys", ONE), operations, **({"lengths": UNITS, "times": (1, 2)} | more))


def upgraded(name: str, operations: int, **more) -> Configuration:
    """Return a live bucket with samples of version 0.1, and the request to make its rollups."""
    defaults = {"upgraded": True, "times": (1, 2, 3), "messages": (recompute("one"),)}
    return rolled(name, operations, **(defaults | more))


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
    adoption("adoption, change", TWO, 1, **SMALL),
    adoption("adoption of a key, lost answer", ONE, 0, lost=1),
    adoption(
        "adoption, stale run, one handler", ONE, 0, handlers=1, delays=1, messages=(request("one"),) * 2
    ),
    adoption("adoption by an event", ONE, 2, messages=(), in_s3=(None,)),
    drift("lost events heal", 1, page=1),
    drift("lost events heal, rows read in part", 0, keys=SAME_SHARD, short=2),
    outage("outage, change, each message once or twice", 1, duplicates=1),
    outage("outage, change, 2 pages", 1, **PAGES),
    first_minutes("first minutes, 2 changes", ONE, 2),
    first_minutes("first minutes of an empty bucket, change, crash", ONE, 1, in_s3=(None,), crashes=1),
    rolled("rollups of 4 changes", 4),
    rolled("rollups of 3 changes, crash", 3, crashes=1),
    rolled("rollups of 3 changes, lost answer", 3, lost=1),
    rolled("rollups of 3 changes, clock ahead", 3, skews=1, ahead=3),
    rolled("rollups of 3 changes beside version 0.1", 3, olds=1),
    rolled("rollups of 2 keys, 2 changes, clock ahead", 2, keys=TWO, skews=1, ahead=3),
    rolled(
        "rollups of an adoption, change", 1, live=False, in_s3=(1,), messages=(request("one"),), sizes=(1,)
    ),
    rolled("rollups checked, 2 changes", 2, messages=(recompute("one"),)),
    rolled("rollups checked, change, clock ahead", 1, skews=1, ahead=3, messages=(recompute("one"),)),
    upgraded("rollups made anew, 2 changes", 2),
    upgraded("rollups made anew in pages, change", 1, sample_page=2, times=(1, 2, 3, 5, 8)),
    upgraded("rollups made anew, change, each message once or twice", 1, duplicates=1),
    upgraded("rollups made anew, change, crash", 1, crashes=1),
    upgraded("rollups made anew, change, lost answer, conflict", 1, lost=1, conflicts=1),
    upgraded("rollups made anew, 2 changes beside version 0.1", 2, olds=2),
    rolled("rollups read, 3 changes", 3, messages=(read("one", 3, 99),)),
    upgraded("rollups read while they are made, change", 1, messages=(read("one", 0, 9), recompute("one"))),
)

# The largest last.
DEEP = (
    adoption("adoption, crash", TWO, 0, crashes=1),
    adoption("adoption, step twice", TWO, 0, duplicates=1),
    drift("lost events heal, crash, time out twice", 0, room=2, late=2, crashes=1),
    outage("outage, change", 1, handlers=2),
    outage("outage, change, crash", 1, crashes=1),
    outage("outage, change, clock ahead, pause", 1, skews=1, pauses=1),
    outage("outage, change, 2 pages, stale run", 1, delays=1, **PAGES),
    rolled("rollups of 4 changes, crash, lost answer, clock ahead", 4, crashes=1, lost=1, skews=1, ahead=3),
    upgraded("rollups made anew twice, 2 changes", 2, messages=(recompute("one"),) * 2),
    upgraded("rollups made anew under 3 handlers, 2 changes, crash", 2, handlers=3, crashes=1),
    upgraded(
        "rollups made anew in pages, change, crash, each message once or twice",
        1,
        sample_page=2,
        times=(1, 2, 3, 5, 8),
        crashes=1,
        duplicates=2,
    ),
    upgraded(
        "rollups made anew twice beside version 0.1, 2 changes", 2, olds=2, messages=(recompute("one"),) * 2
    ),
    outage("outages from the start, 2 changes", 2, switches=3, checks=3, deaf=False),
    outage("outage, change, lost answer", 1, lost=1),
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
    drift(
        "lost events of a key heal, change, step twice",
        1,
        keys=ONE,
        in_s3=(1,),
        recorded=(2,),
        page=1,
        duplicates=1,
    ),
    drift("lost events heal, rows read in part, crash", 0, keys=SAME_SHARD, short=2, crashes=1),
    adoption("adoption, change of another size", TWO, 1, sizes=(2,)),
    adoption("adoption, lost answer", TWO, 0, lost=1),
    adoption("adoption, stale run", ONE, 0, delays=1, messages=(request("one"),) * 2),
    changes("4 changes of 2 keys in a chunk", TWO, 4, batch=2),
    adoption("adoption by events", TWO, 2, messages=(), in_s3=(1, None)),
    changes("3 changes of a key, tombstones expire, crash, zombie", ONE, 3, expiries=2, crashes=1, zombies=1),
    adoption("adoption of 2 buckets", BUCKETS, 1, messages=(request("one"), request("two")), **SMALL),
    adoption(
        "adoption, crash, stale run, one handler",
        ONE,
        0,
        handlers=1,
        crashes=1,
        delays=1,
        messages=(request("one"),) * 2,
    ),
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
    adoption("adoption, change, HEAD fails, time out", TWO, 1, unanswered=1, late=1, **SMALL),
    adoption("adoption of a key, change, crash", ONE, 1, crashes=1),
    adoption("adoption of a key, change, lost answer", ONE, 1, lost=1),
    adoption("adoption of a key, change, step twice", ONE, 1, duplicates=1),
    adoption(
        "adoption of 2 keys, change, crash, step twice, one handler",
        TWO,
        1,
        handlers=1,
        crashes=1,
        duplicates=1,
    ),
    adoption(
        "adoption of 2 keys, change, lost answer, step twice, one handler",
        TWO,
        1,
        handlers=1,
        lost=1,
        duplicates=1,
    ),
    adoption("adoption, change, conflict", TWO, 1, conflicts=1, **SMALL),
    outage("outage, change, crash, 2 checks", 1, crashes=1, checks=2),
    outage("outage, change, zombie", 1, zombies=1),
    outage("outage, 2 changes, each message once or twice, 2 pages", 2, duplicates=1, **PAGES),
    outage("outage, change, crash, 2 pages", 1, crashes=1, **PAGES),
    outage("2 outages, change, clock ahead, pause", 1, switches=2, checks=2, skews=1, pauses=1),
    outage(
        "2 outages of an empty bucket under 2 handlers", 0, handlers=2, switches=2, checks=2, in_s3=(None,)
    ),
    outage("outage, change, 2 pages, under 2 handlers", 1, handlers=2, **PAGES),
    first_minutes("first minutes, change, under 2 handlers", ONE, 1, handlers=2),
    first_minutes("first minutes, events off again, change", ONE, 1, switches=1, checks=1),
    changes(
        "2 changes of 2 keys, zombie, each event once or twice", TWO, 2, batch=2, zombies=1, duplicates=2
    ),
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
