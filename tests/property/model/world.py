"""The world as a graph: a state is five numbers, and its steps are composed of parts that are looked up.

Handlers and messages have no names, so states that differ only in their order are one state.
"""

from collections.abc import Iterator
from functools import cache
from itertools import combinations
from typing import NamedTuple

from size_history.sources import SECOND
from size_tracking.reconcile_plan import STALE_MICROSECONDS
from size_tracking.values import ABSENT
from tests.property.model.books import Row
from tests.property.model.configuration import NOW, Budget, Configuration, content
from tests.property.model.handlers import GONE, Handlers
from tests.property.model.invariants import hidden_broken, rest_broken, unfilled
from tests.property.model.messages import event, known_to_version_0_1, watch
from tests.property.model.numbering import Table
from tests.property.model.path import Path, Signal
from tests.property.model.story import describe_message, describe_size
from tests.property.model.tape import Wiring

State = tuple[int, int, int, int, tuple[int, ...]]
"""The numbers of: the objects in S3, the tables, the queue, budget and clock and event path, each handler."""
DELAY = STALE_MICROSECONDS + 1
PAUSE = 300 * SECOND


class Step(NamedTuple):
    """A step. In `raw` the handlers keep their places (GONE: it ended) and a new one is last. `fault`: None if no fault."""

    says: str
    actor: int | None
    raw: State
    broken: tuple[str, ...]
    fault: str | None


def normal(raw: State) -> State:
    """Return the state without the handlers that are gone, and with the others sorted."""
    return (raw[0], raw[1], raw[2], raw[3], tuple(sorted([number for number in raw[4] if number])))


def sent_at(row: Row) -> int:
    """Return the time that an event says it was sent; the product must not depend on it."""
    return 0


def may_expire(row: Row, elders: bool) -> bool:
    """Return whether the table may remove a row: a tombstone outlives every handler that is older than it."""
    return row.expires and not elders


class World:
    """All possible steps in one configuration. `others` replace parts of the product, by their names in Wiring."""

    def __init__(self, configuration: Configuration, **others: type) -> None:
        self._configuration = configuration
        self._keys = configuration.keys
        self._messages = Table()
        self._listings = Table()
        self._books = Table()
        self._queues = Table()
        self._clocks = Table()
        wiring = Wiring.of(configuration, **others)
        self._handlers = Handlers(configuration, wiring, self._messages, self._books)
        self._spent = cache(self._spend)
        self._queued = cache(self._enqueue)
        self._changes = cache(lambda listing, books: tuple(self._all_changes(listing, books)))
        self._batches = cache(lambda queue, now: tuple(self._all_batches(queue, now)))
        self._at_rest = cache(self._rest)
        self._hidden = cache(self._missing)

    def initial(self) -> State:
        """Return the state at the start."""
        configuration = self._configuration
        queue = tuple(sorted(self._messages(body) for body in configuration.messages))
        return (
            self._listings(configuration.listing()),
            self._books((configuration.books(), None)),
            self._queues(queue),
            self._clocks((configuration.budget, NOW, configuration.path())),
            (),
        )

    def steps(self, state: State) -> Iterator[Step]:
        """Yield every step from a state."""
        budget, now, path = self._clocks.values[state[3]]
        if budget.operations:
            yield from self._operate(state, path)
        if self._configuration.timed:
            yield from self._wait(state, budget, now, path)
            yield from self._touch_path(state, budget, path)
        zombies = self._handlers.zombies
        if len(state[4]) - sum([number in zombies for number in state[4]]) < self._configuration.handlers:
            yield from self._deliver(state, budget, now)
        for place in range(len(state[4])):
            yield from self._resume(state, budget, now, place)
            yield from self._fail(state, budget, place)
        if budget.expiries:
            yield from self._expire(state, now)
        if budget.delays and not self._configuration.timed:
            clock = self._clocks((budget._replace(delays=budget.delays - 1), now + DELAY, path))
            yield Step("a quarter of an hour passes", None, (*state[:3], clock, state[4]), (), "delays")

    def rest_broken(self, state: State) -> tuple[str, ...] | None:
        """Return the invariants that do not hold at rest, or None if something is still under way."""
        budget, _, path = self._clocks.values[state[3]]
        if state[4] or self._queues.values[state[2]] or path.delayed:
            return None
        known = (
            self._configuration.live
            or bool(self._configuration.messages)
            or budget.operations < self._configuration.budget.operations
        )
        return self._at_rest(state[0], state[1], path, known)

    def _rest(self, listing: int, books: int, path: Path, known: bool) -> tuple[str, ...]:
        in_s3 = dict(zip(self._keys, self._listings.values[listing], strict=True))
        stored = self._books.values[books][0]
        broken = tuple(rest_broken(stored, in_s3, path, known))
        return (*broken, *unfilled(stored)) if self._configuration.fills else broken

    def always_broken(self, state: State) -> tuple[str, ...]:
        """Return the invariants on the event path that do not hold, although they must hold in every state."""
        _, now, path = self._clocks.values[state[3]]
        return self._hidden(state[0], state[1], path.lost, now) if path.lost else ()

    def _missing(self, listing: int, books: int, lost: frozenset[int], now: int) -> tuple[str, ...]:
        stored = self._books.values[books][0]
        in_s3 = self._listings.values[listing]
        rows = {place: stored.of(self._keys[place][0]).stored(self._keys[place][1]).row for place in lost}
        missing = any((row.seen if row else ABSENT) != in_s3[place] for place, row in rows.items())
        return tuple(hidden_broken(stored, missing, now))

    # --- S3 changes ---

    def _operate(self, state: State, path: Path) -> Iterator[Step]:
        _, books, queue, clock, handlers = state
        clock = self._spent(clock, "operations")
        for says, place, seen, message, listing in self._changes(state[0], books):
            raw = tuple(self._handlers.after_change(number, place, seen) for number in handlers)
            if path.signal is not Signal.OFF:
                heard = self._moved(clock, path.after_change(place, heard=True))
                after = (listing, books, self._queued(queue, (message,)), heard, raw)
                yield Step(says, None, after, (), "operations")
            if path.signal is not Signal.ON:
                unheard = self._moved(clock, path.after_change(place, heard=False))
                yield Step(f"{says}, unheard", None, (listing, books, queue, unheard, raw), (), "operations")

    def _all_changes(self, listing: int, books: int) -> Iterator[tuple]:
        in_s3 = self._listings.values[listing]
        stored, _ = self._books.values[books]
        for place, (bucket, key) in enumerate(self._keys):
            message = self._messages(event(bucket, key, sent_at(stored.of(bucket).stored(key))))
            for size in (None, *self._configuration.sizes):
                seen = content(size)
                if seen != in_s3[place]:
                    says = f"{key} is deleted" if size is None else f"{key} is put with {describe_size(size)}"
                    after = self._listings((*in_s3[:place], seen, *in_s3[place + 1 :]))
                    yield says, place, seen, message, after

    # --- the event path ---

    def _touch_path(self, state: State, budget: Budget, path: Path) -> Iterator[Step]:
        """Switch the events, or have them checked."""
        listing, books, queue, clock, handlers = state
        may_end = path.checked or self._configuration.unseen
        if budget.switches and (path.signal is not Signal.OFF or may_end):
            after = path.switched()
            says = f"the events are switched {'off' if after.signal is Signal.OFF else 'on'}"
            spent = self._moved(self._spent(clock, "switches"), after)
            yield Step(says, None, (listing, books, queue, spent, handlers), (), "switches")
        if budget.checks:
            message = self._messages(watch(tuple(dict.fromkeys(bucket for bucket, _ in self._keys))))
            queue = self._queued(queue, (message,))
            spent = self._spent(clock, "checks")
            yield Step("a check is asked for", None, (listing, books, queue, spent, handlers), (), "checks")

    def _wait(self, state: State, budget: Budget, now: int, path: Path) -> Iterator[Step]:
        """Let time pass, if no handler is alive: none lives for minutes."""
        if state[4]:
            return
        if path.delayed:
            yield self._at(state, budget, path, path.delayed[0][0], None)
        if budget.pauses:
            spent = budget._replace(pauses=budget.pauses - 1)
            yield self._at(state, spent, path, now + PAUSE, "pauses")
        if budget.delays:
            spent = budget._replace(delays=budget.delays - 1)
            yield self._at(state, spent, path, now + DELAY, "delays")

    def _at(self, state: State, budget: Budget, path: Path, now: int, fault: str | None) -> Step:
        later, arrived = path.later(now)
        clock = self._clocks((budget, now, later))
        raw = (state[0], state[1], self._queued(state[2], arrived), clock, state[4])
        return Step(f"time passes until second {now // SECOND}", None, raw, (), fault)

    def _moved(self, clock: int, path: Path) -> int:
        budget, now, before = self._clocks.values[clock]
        return clock if path == before else self._clocks((budget, now, path))

    # --- the queue ---

    def _deliver(self, state: State, budget: Budget, now: int) -> Iterator[Step]:
        """Give messages to a new handler and let it ask its first question, since nothing in between matters."""
        listing, books, queue, clock, handlers = state
        for says, number, left, again in self._batches(queue, now):
            if again > budget.duplicates:
                continue
            paid = clock
            for _ in range(again):
                paid = self._spent(paid, "duplicates")
            begun = (listing, books, left, paid, (*handlers, number))
            for first, actor, raw, broken, fault in self._resume(begun, budget, now, len(handlers)):
                yield Step(f"{says}, {first}", actor, raw, broken, fault or ("duplicates" if again else None))
            messages = self._handlers.messages(begun[4][-1])
            if budget.skews:
                ahead = self._handlers.begin(now, messages, ahead=self._configuration.ahead)
                yield from self._deliver_to(ahead, f"{says} (its clock is ahead)", begun, now, "skews")
            if budget.olds and all(known_to_version_0_1(self._messages.values[each]) for each in messages):
                old = self._handlers.begin(now, messages, old=True)
                yield from self._deliver_to(old, f"{says} (of version 0.1)", begun, now, "olds")

    def _deliver_to(self, other: int, says: str, begun: State, now: int, fault: str) -> Iterator[Step]:
        """Give the messages of the last handler to another one instead."""
        listing, books, left, clock, handlers = begun
        clock = self._spent(clock, fault)
        changed = (listing, books, left, clock, (*handlers[:-1], other))
        budget = self._clocks.values[clock][0]
        for first, actor, raw, broken, _ in self._resume(changed, budget, now, len(handlers) - 1):
            yield Step(f"{says}, {first}", actor, raw, broken, fault)

    def _all_batches(self, queue: int, now: int) -> Iterator[tuple[str, int, int, int]]:
        """Yield every choice of messages: in words, their handler, the queue afterwards, how many are also left in it."""
        messages = self._queues.values[queue]
        for many in range(1, self._configuration.batch + 1):
            for batch in sorted(set(combinations(messages, many))):
                left = list(messages)
                for message in batch:
                    left.remove(message)
                number = self._handlers.begin(now, batch)
                says = "receives " + " and ".join(describe_message(self._messages.values[m]) for m in batch)
                for again in range(many + 1):
                    for stay in sorted(set(combinations(batch, again))):
                        twice = ", delivered twice" if stay else ""
                        yield says + twice, number, self._queues(tuple(sorted([*left, *stay]))), again

    def _enqueue(self, queue: int, more: tuple[int, ...]) -> int:
        return self._queues(tuple(sorted(self._queues.values[queue] + more)))

    def _spend(self, clock: int, fault: str) -> int:
        budget, now, path = self._clocks.values[clock]
        return self._clocks((budget._replace(**{fault: getattr(budget, fault) - 1}), now, path))

    # --- handlers ---

    def _resume(self, state: State, budget: Budget, now: int, place: int) -> Iterator[Step]:
        listing, books, queue, clock, handlers = state
        seen = self._listings.values[listing]
        path = self._clocks.values[clock][2]
        for effect in self._handlers.effects(handlers[place], listing, seen, books, now, path):
            fault = effect.fault
            if fault and not getattr(budget, fault):
                continue
            raw = (*handlers[:place], effect.handler, *handlers[place + 1 :])
            if effect.written and budget.expiries:
                raw = tuple(self._handlers.after_writes(number, effect.written) for number in raw)
            after = (
                listing,
                effect.books,
                self._queued(queue, effect.sent) if effect.sent else queue,
                self._spent(clock, fault) if fault else clock,
                raw,
            )
            if effect.delayed or effect.checked is not None:
                moved = self._moved(after[3], path.seen(effect.checked).sent(effect.delayed))
                after = (*after[:3], moved, raw)
            yield Step(effect.says, place, after, effect.broken, fault)

    def _fail(self, state: State, budget: Budget, place: int) -> Iterator[Step]:
        listing, books, queue, clock, handlers = state
        number = handlers[place]
        if budget.crashes:
            queue_after = self._queued(queue, self._handlers.messages(number))
            raw = (*handlers[:place], GONE, *handlers[place + 1 :])
            after = (listing, books, queue_after, self._spent(clock, "crashes"), raw)
            yield Step("dies", place, after, (), "crashes")
        if budget.zombies and number not in self._handlers.zombies:
            queue_after = self._queued(queue, self._handlers.messages(number))
            raw = (*handlers[:place], self._handlers.as_zombie(number), *handlers[place + 1 :])
            after = (listing, books, queue_after, self._spent(clock, "zombies"), raw)
            yield Step("goes on while its messages come back", place, after, (), "zombies")

    def _expire(self, state: State, now: int) -> Iterator[Step]:
        listing, books, queue, clock, handlers = state
        stored, _ = self._books.values[books]
        for place, (bucket, key) in enumerate(self._keys):
            row = stored.of(bucket).stored(key)
            elders = any(place in self._handlers[number].elder for number in handlers)
            if may_expire(row, elders):
                budget, _, path = self._clocks.values[self._spent(clock, "expiries")]
                after = self._books((stored.without(bucket, key), None))
                later = self._clocks((budget, now + DELAY, path))
                yield Step(
                    f"the row of {key} expires",
                    None,
                    (listing, after, queue, later, handlers),
                    (),
                    "expiries",
                )
