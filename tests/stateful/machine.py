"""The rules: changes of buckets, deliveries of messages, and faults of invocations."""

import contextlib
import logging
import os
from typing import Any, ClassVar
from unittest import mock

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from size_history import rollups
from size_history.messages import MAX_PAGE_KEYS, RecomputeRollups, ReconcileEveryBucket, ReconcileRequest
from size_history.sources import SECOND, SECOND_RUN_SECONDS
from tests.stateful import account, books, faults
from tests.stateful.faults import Aim, Plan
from tests.stateful.world import KEYS, MONTH_MICROSECONDS, STALE_MICROSECONDS, InMemory, World
from tests.trace.checker import Rest, check
from tests.trace.lines import Totals, Trace, listening

# Few keys that conflict often find more than many that do not: mostly one bucket and two of its keys.
bucket_numbers = st.sampled_from((0, 0, 0, 0, 1))
key_numbers = st.sampled_from((0, 0, 0, 0, 0, 1, 1, *range(2, len(KEYS))))
sizes = st.sampled_from((0, 1, 2, 3, 4, 40, 50, 60))
copies = st.sampled_from((1, 1, 1, 1, 2, 0))
picks = st.lists(st.sampled_from((0, 0, 0, *range(1, 6))), min_size=1, max_size=3)  # from the newest message
times_left = st.sampled_from((60_000, 60_000, 60_000, 60_000, 5_002, 5_008))
attempts = st.sampled_from((1, 1, 3))

# The faults of a commit matter most, and those between a HEAD and its commit.
_AIMED = {"TransactWriteItems": 4, "HeadObject": 2, "BatchGetItem": 2, "PutItem": 2, "SendMessage": 2}
FITTING = {**faults.FITTING, **account.FITTING}
operations = st.sampled_from([name for name in FITTING for _ in range(_AIMED.get(name, 1))])
numbers = st.sampled_from((0, 0, 0, 1, 1, 2))
aims = st.tuples(operations, numbers)
plans = st.dictionaries(aims, st.none(), min_size=1, max_size=3).flatmap(
    lambda aimed: st.fixed_dictionaries({aim: st.sampled_from(FITTING[aim[0]]) for aim in aimed})
)
few_plans = st.just({}) | st.just({}) | st.just({}) | plans
_COMMIT, _ROWS, _LOOK, _TOTALS = (
    ("TransactWriteItems", 0),
    ("BatchGetItem", 0),
    ("HeadObject", 0),
    ("BatchGetItem", 1),
)
halts = st.sampled_from((_COMMIT, _COMMIT, _COMMIT, None, None, None, _ROWS, _LOOK, _TOTALS)) | aims

MAX_RUNNING = 3
UNIT_MICROSECONDS = (40_000, 400_000, 2_000_000)
"""How long a minute, an hour and a day last."""
_LONGER_THAN_A_PROCESS = {
    "a quarter of an hour": STALE_MICROSECONDS,
    "ten minutes": SECOND_RUN_SECONDS * SECOND,
}
_ARGUMENTS = {
    "put": {
        "bucket": bucket_numbers,
        "key": key_numbers,
        "size": sizes,
        "how": st.sampled_from(("put", "copy", "multipart")),
        "copies": copies,
    },
    "delete": {
        "bucket": bucket_numbers,
        "keys": st.lists(key_numbers, min_size=1, max_size=4),
        "copies": copies,
    },
    "reconcile": {"bucket": bucket_numbers, "page_size": st.integers(1, 3)},
    "deliver": {"picks": picks},
    "deliver_with_faults": {"picks": picks, "plan": plans, "attempts": attempts, "left": times_left},
    "start_delivery": {"picks": picks, "plan": few_plans, "halt": halts},
    "resume": {"which": st.integers(0, 2), "halt": halts, "killed": st.integers(0, 5)},
    "lose_or_duplicate": {"pick": st.integers(0, 5), "lost": st.booleans()},
    "time_passes": {
        "passed": st.sampled_from(
            ("a month", "a quarter of an hour", "ten minutes", "less than nothing", "all buckets' turn")
        )
    },
    "switch": {"bucket": bucket_numbers, "rule": st.booleans()},
    "remove": {"bucket": bucket_numbers},
    "recompute": {"bucket": bucket_numbers, "whole": st.booleans()},
    "write_as_version_0_1": {"bucket": bucket_numbers},
    "check": {},
    "rest": {},
}


def one_of(*names: str) -> st.SearchStrategy[Any]:
    """Return a strategy of actions: a name and its arguments."""
    return st.sampled_from(names).flatmap(
        lambda name: st.tuples(st.just(name), st.fixed_dictionaries(_ARGUMENTS[name]))
    )


race_changes = st.tuples(
    st.sampled_from(("put", "put", "put", "delete", "delete", "delete", "nothing", "reconcile")),
    st.sampled_from((0, 0, 1)),
    sizes,
)
rivals = st.fixed_dictionaries(
    {"changes": st.lists(race_changes, min_size=1, max_size=2), "halt": halts, "plan": few_plans}
)
_HERE, _TWO, _ONE_PREFIX, _TWO_BUCKETS = ((0, 0),), ((0, 0), (0, 1)), ((0, 1), (0, 2)), ((0, 0), (1, 0))
_ARGUMENTS["race"] = {
    "places": st.sampled_from((_HERE, _TWO, _ONE_PREFIX, _TWO_BUCKETS)),
    "rivals": st.lists(rivals, min_size=2, max_size=MAX_RUNNING),
    "order": st.lists(st.tuples(st.integers(0, 2), st.none() | halts), max_size=4),
    "alone": st.sampled_from((True, True, False)),
}
_OFTEN = ("put", "delete", "deliver", "start_delivery", *["deliver_with_faults"] * 2, "resume", *["race"] * 4)
actions = one_of(*_OFTEN, *_OFTEN, *_ARGUMENTS)


class Accounting(RuleBasedStateMachine):
    """Everything that may happen to two buckets. `check_after_every_rule`: whether the books are read after every rule."""

    check_after_every_rule: ClassVar[bool] = True
    smallest_page: ClassVar[int] = 1

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.storage())
        self.before = books.Books()
        self.trace = Trace()
        self._hearing = contextlib.ExitStack()
        self._hearing.enter_context(silence())
        self._hearing.enter_context(listening(self.trace))
        # A look at the clock takes a millisecond, so that races close intervals.
        lengths = dict(zip(rollups.Unit, UNIT_MICROSECONDS, strict=True))
        self._hearing.enter_context(mock.patch.object(rollups, "_LENGTHS", lengths))
        self.may_lose = False
        self.may_be_deaf = False
        self.steps = 0

    def storage(self) -> Any:
        return InMemory()

    @initialize(
        live=st.sampled_from(((True, True), (True, True), (True, False), (False, False))),
        held=st.dictionaries(key_numbers, sizes, max_size=2),
        may_lose=st.sampled_from((False, False, True)),
        may_be_deaf=st.sampled_from((False, False, True)),
    )
    def begin(self, live: tuple[bool, ...], held: dict[int, int], may_lose: bool, may_be_deaf: bool) -> None:
        """Begin with buckets that are live or unknown to the tracker; the first one may hold objects.

        Most histories lose no message, and hear every event, because the reconcile after a loss would heal any other
        mistake, too.
        """
        self.may_lose, self.may_be_deaf = may_lose, may_be_deaf
        self.world.fill(0, held)
        if held:
            self.world.send(ReconcileRequest(self.world.storage.bucket(0), MAX_PAGE_KEYS))
        for number, at_once in enumerate(live):
            if at_once:
                self.world.send(ReconcileRequest(self.world.storage.bucket(number)))
        if any(live):
            with quiet():
                self.world.settle()

    @rule(what=actions)
    def act(self, what: tuple[str, dict[str, Any]]) -> None:
        """Do one action. It is a single rule, because Hypothesis leaves some rules out of each history."""
        name, arguments = what
        self.steps += 1
        getattr(self, name)(**arguments)

    def put(self, bucket: int, key: int, size: int, how: str, copies: int) -> None:
        self.world.put(bucket, key, size, how=how, copies=copies if self.may_lose else max(copies, 1))

    def delete(self, bucket: int, keys: list[int], copies: int) -> None:
        self.world.delete(bucket, keys, copies=copies if self.may_lose else max(copies, 1))

    def deliver(self, picks: list[int]) -> None:
        self.world.deliver(picks, {})

    def deliver_with_faults(self, picks: list[int], plan: Plan, attempts: int, left: int) -> None:
        self.world.deliver(picks, plan, attempts=attempts, remaining_ms=left)

    def start_delivery(self, picks: list[int], plan: Plan, halt: Aim | None) -> None:
        if len(self.world.running) < MAX_RUNNING:
            self.world.start_delivery(picks, plan, halt)

    def resume(self, which: int, halt: Aim | None, killed: int) -> None:
        if self.world.running:
            which %= len(self.world.running)
            self.world.resume(which, halt) if killed else self.world.kill(which)

    def race(
        self,
        places: tuple[tuple[int, int], ...],
        rivals: list[dict[str, Any]],
        order: list[tuple[int, Aim | None]],
        alone: bool,
    ) -> None:
        """For each rival, change something and start its delivery; then resume the halted invocations in some order.

        If `alone`, the race goes from rest to rest, so that no other message can correct a mistake.
        """
        if alone:
            self.rest()
        for rival in rivals:
            before = len(self.world.queue)
            for what, place, size in rival["changes"]:
                self._change(what, *places[place % len(places)], size)
            newest = range(max(1, len(self.world.queue) - before))
            self.start_delivery(list(newest), rival["plan"], rival["halt"])
        for which, halt in order:
            self.resume(which, halt, killed=1)
        if alone:
            self.rest()

    def _change(self, what: str, bucket: int, key: int, size: int) -> None:
        if what == "put":
            self.world.put(bucket, key, size)
        elif what == "delete":
            self.world.delete(bucket, [key])
        elif what == "reconcile":
            self.reconcile(bucket, page_size=1)

    def lose_or_duplicate(self, pick: int, lost: bool) -> None:
        self.world.drop(pick) if lost and self.may_lose else self.world.duplicate(pick)

    def switch(self, bucket: int, rule: bool) -> None:
        """Turn events off or on, of a bucket or by the rule."""
        if self.may_be_deaf:
            self.world.switch(bucket, rule=rule)

    def remove(self, bucket: int) -> None:
        """Delete a bucket; the next put makes it anew, with its events off."""
        if self.may_be_deaf:
            self.world.remove(bucket)

    def check(self) -> None:
        self.world.check()

    def recompute(self, bucket: int, whole: bool) -> None:
        message = RecomputeRollups(self.world.storage.bucket(bucket), 0 if whole else None)
        self.world.enqueue(message.to_json())

    def write_as_version_0_1(self, bucket: int) -> None:
        self.world.storage.forget_intervals(self.world.storage.bucket(bucket))

    def reconcile(self, bucket: int, page_size: int) -> None:
        page_size = max(page_size, self.smallest_page)
        self.world.send(ReconcileRequest(self.world.storage.bucket(bucket), page_size))

    def time_passes(self, passed: str) -> None:
        storage = self.world.storage
        if passed in _LONGER_THAN_A_PROCESS:
            if not self.world.running:
                storage.time.now += _LONGER_THAN_A_PROCESS[passed]
        elif passed == "less than nothing":
            storage.time.now -= 5_000_000  # the clock of another process
        elif passed == "all buckets' turn":
            self.world.enqueue(ReconcileEveryBucket().to_json())
        elif not self.world.running:  # a tombstone outlives every process that read it
            storage.time.now += MONTH_MICROSECONDS
            storage.expire()

    def rest(self) -> None:
        with quiet():
            self.world.settle()
        found = self.world.storage.books()
        books.assert_consistent(found)
        books.assert_exact(found, self.world.listings())
        self.check_trace(found)
        if found.open_runs or books.unknown(found):
            # A process that seemed dead acknowledged a step of another one: the daily reconcile pushes the run on. It
            # also makes the rollups that version 0.1 did not.
            self.world.enqueue(ReconcileEveryBucket().to_json())
            with quiet():
                self.world.settle()
            found = self.world.storage.books()
            books.assert_consistent(found)
            books.assert_ended(found)

    def check_trace(self, found: books.Books) -> None:
        """Replay the commits of this history."""
        totals = {bucket: Totals.of(totals) for bucket, totals in found.totals.items()}
        check(self.trace, Rest(totals, found.peak.size if found.peak else None)).demand()

    @invariant()
    def the_books_are_consistent(self) -> None:
        if self.check_after_every_rule:
            found = self.world.storage.books()
            books.assert_consistent(found)
            books.assert_rising(self.before, found)
            self.before = found

    def teardown(self) -> None:
        try:
            self.rest()
        finally:
            for invocation in self.world.running:
                invocation.kill()
            self._hearing.close()


@contextlib.contextmanager
def silence():
    """Let the tracker log nothing meanwhile but its trace: faults fill its log."""
    log = logging.getLogger("size_tracking")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


@contextlib.contextmanager
def quiet():
    """Discard what is printed meanwhile."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123
        yield
