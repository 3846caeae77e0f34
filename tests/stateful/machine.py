"""The rules: what clients do to buckets, what queues do to messages, and what becomes of invocations."""

import contextlib
import logging
import os
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from size_history.messages import ReconcileEveryBucket, ReconcileRequest
from tests.stateful import books
from tests.stateful.faults import Fault
from tests.stateful.world import KEYS, MONTH_MICROSECONDS, STALE_MICROSECONDS, InMemory, Storage, World

logging.getLogger("size_tracking").setLevel(logging.CRITICAL)

# Few things that meet often find more than many that do not: mostly one bucket and two of its keys.
bucket_numbers = st.sampled_from((0, 0, 0, 0, 1))
key_numbers = st.sampled_from((0, 0, 0, 0, 0, 1, 1, *range(2, len(KEYS))))
sizes = st.integers(0, 4)
copies = st.sampled_from((1, 1, 1, 1, 2, 0))
# The request after the first is S3's answer about the first key.
plans = st.dictionaries(
    st.sampled_from((1, 1, 1, 2, 2, 3, 4, 0)), st.sampled_from(Fault), min_size=1, max_size=2
)
picks = st.lists(st.sampled_from((0, 0, 0, *range(1, 6))), min_size=1, max_size=3)  # from the newest message
times_left = st.sampled_from((60_000, 60_000, 60_000, 60_000, 5_002, 5_008))


MOST_AT_ONCE = 3
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
    "deliver": {"picks": picks},
    "begin_to_deliver": {"picks": picks, "requests": st.sampled_from((1, 2, 2, 2, 3, 4))},
    "deliver_badly": {"picks": picks, "plan": plans, "left": times_left},
    "go_on": {
        "which": st.integers(0, 1),
        "requests": st.sampled_from((1, 2, 100)),
        "killed": st.integers(0, 5),
    },
    "lose_or_duplicate": {"pick": st.integers(0, 5), "lost": st.booleans()},
    "reconcile": {"bucket": bucket_numbers, "page_size": st.integers(1, 3)},
    "time_passes": {
        "passed": st.sampled_from(
            ("a month", "a quarter of an hour", "less than nothing", "all buckets' turn")
        )
    },
    "rest": {},
}
_OFTEN = (
    "put",
    "put",
    "delete",
    "deliver",
    "begin_to_deliver",
    "deliver_badly",
    "deliver_badly",
    "go_on",
    "go_on",
)
actions = st.sampled_from((*_OFTEN, *_OFTEN, *_ARGUMENTS)).flatmap(
    lambda name: st.tuples(st.just(name), st.fixed_dictionaries(_ARGUMENTS[name]))
)


class Accounting(RuleBasedStateMachine):
    """Everything that may happen to two buckets; `looks_always` says whether the books are read after every rule."""

    looks_always: ClassVar[bool] = True
    smallest_page: ClassVar[int] = 1

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.storage())
        self.before = books.Books()
        self.loses = False

    def storage(self) -> Storage:
        return InMemory()

    @initialize(live=st.booleans(), loses=st.sampled_from((False, False, True)))
    def begin(self, live: bool, loses: bool) -> None:
        """Begin with a bucket that is live, or with none that is known.

        Most histories lose no message: where one is lost, the reconcile at the end would heal any other wrong too.
        """
        self.loses = loses
        if live:
            self.world.ask(ReconcileRequest(self.world.storage.bucket(0)))
            with quiet():
                self.world.settle()

    @rule(what=actions)
    def act(self, what: tuple[str, dict[str, Any]]) -> None:
        """Do one thing; a single rule, for Hypothesis leaves out some rules of every history."""
        name, arguments = what
        getattr(self, name)(**arguments)

    def put(self, bucket: int, key: int, size: int, how: str, copies: int) -> None:
        self.world.put(bucket, key, size, how=how, copies=copies if self.loses else max(copies, 1))

    def delete(self, bucket: int, keys: list[int], copies: int) -> None:
        self.world.delete(bucket, keys, copies=copies if self.loses else max(copies, 1))

    def begin_to_deliver(self, picks: list[int], requests: int) -> None:
        if len(self.world.running) < MOST_AT_ONCE:
            self.world.begin_to_deliver(picks, requests)

    def deliver(self, picks: list[int]) -> None:
        self.world.deliver(picks, {})

    def deliver_badly(self, picks: list[int], plan: dict[int, Fault], left: int) -> None:
        self.world.deliver(picks, plan, left)

    def go_on(self, which: int, requests: int, killed: int) -> None:
        if self.world.running:
            which %= len(self.world.running)
            self.world.go_on(which, requests) if killed else self.world.kill(which)

    def lose_or_duplicate(self, pick: int, lost: bool) -> None:
        self.world.drop(pick) if lost and self.loses else self.world.duplicate(pick)

    def reconcile(self, bucket: int, page_size: int) -> None:
        page_size = max(page_size, self.smallest_page)
        self.world.ask(ReconcileRequest(self.world.storage.bucket(bucket), page_size))

    def time_passes(self, passed: str) -> None:
        storage = self.world.storage
        if passed == "a quarter of an hour":
            storage.time.now += STALE_MICROSECONDS
        elif passed == "less than nothing":
            storage.time.now -= 5_000_000  # the clock of another process
        elif passed == "all buckets' turn":
            self.world.enqueue(ReconcileEveryBucket().to_json())
        elif not self.world.running:  # a tombstone outlives every process that has read it
            storage.time.now += MONTH_MICROSECONDS
            storage.expire()

    def rest(self) -> None:
        with quiet():
            self.world.settle()
        found = self.world.storage.books()
        books.assert_consistent(found)
        books.assert_exact(found, self.world.listings())

    @invariant()
    def the_books_are_consistent(self) -> None:
        if self.looks_always:
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


@contextlib.contextmanager
def quiet():
    """Print no metrics meanwhile."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123
        yield
