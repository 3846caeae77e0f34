"""The handlers, numbered, and the effects of their steps: the real code computes them once, then they are looked up."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from size_history.deadline import OutOfTimeError
from size_tracking.values import Observation
from tests.property.model import evidence as ghosts
from tests.property.model import questions as ask
from tests.property.model.answers import UNANSWERED, Answer, Moment, answers
from tests.property.model.books import Books, canonical
from tests.property.model.configuration import Configuration
from tests.property.model.invariants import TRUE_LOOK
from tests.property.model.numbering import Table
from tests.property.model.path import Path, Signal
from tests.property.model.tape import Raised, Wiring
from tests.property.model.tasks import Asking, Ended, Task, answered, chunk_over, resume

LATE = Raised(OutOfTimeError("out of time"))
GONE = 0


class Handler(NamedTuple):
    """An invocation under way and its ghost variables: the evidence of its looks, and the tombstones younger than it."""

    asking: Asking
    evidence: tuple[ghosts.Evidence, ...]
    elder: frozenset[int] = frozenset()
    zombie: bool = False
    period: int | None = None
    """The period in which it looked at the event path last."""


class Effect(NamedTuple):
    """The effects of one step on the handler (GONE if it ends), the tables and the queue."""

    fault: str | None
    handler: int
    books: int
    sent: tuple[int, ...]
    broken: tuple[str, ...]
    says: str
    written: tuple[tuple[int, bool], ...]
    """The places of the written rows, and whether these may expire."""
    delayed: tuple[tuple[int, int], ...] = ()
    checked: int | None = None
    """The period in which a check looked that has completed now."""


class Handlers:
    """All handlers found so far, by number."""

    def __init__(self, configuration: Configuration, wiring: Wiring, messages: Table, books: Table) -> None:
        self._configuration = configuration
        self._wiring = wiring
        self._messages = messages
        self._books = books
        self._places = {key: place for place, key in enumerate(configuration.keys)}
        self._numbers = Table(None)
        self.zombies: set[int] = set()
        self._effects: dict[tuple[int, int, int, int, bool, int], tuple[Effect, ...]] = {}
        self._changed: dict[tuple[int, int, Observation], int] = {}

    def __getitem__(self, number: int) -> Handler:
        return self._numbers.values[number]

    def _numbered(self, handler: Handler) -> int:
        number = self._numbers(handler)
        if handler.zombie:
            self.zombies.add(number)
        return number

    def begin(self, now: int, messages: tuple[int, ...], *, ahead: int = 0, old: bool = False) -> int:
        """Return a new handler of these messages, about to make its first request.

        Its clock may be ahead, and it may be of version 0.1.
        """
        bodies = tuple(self._messages.values[message] for message in messages)
        asking = resume(Task(now + ahead, bodies, ahead=ahead, old=old), self._wiring)
        return self._numbered(Handler(asking, (None,) * len(self._places)))

    def messages(self, number: int) -> tuple[int, ...]:
        """Return the messages that come back if the handler dies. Those of a zombie are back already."""
        handler = self[number]
        return () if handler.zombie else tuple(self._messages(body) for body in handler.asking.task.bodies)

    def as_zombie(self, number: int) -> int:
        """Return the handler after its messages have come back."""
        return self._numbered(self[number]._replace(zombie=True))

    def after_change(self, number: int, place: int, seen: Observation) -> int:
        """Return the handler after a key has changed."""
        changed = self._changed.get((number, place, seen))
        if changed is None:
            evidence = list(self[number].evidence)
            evidence[place] = ghosts.after_change(evidence[place], seen)
            changed = self._numbered(self[number]._replace(evidence=tuple(evidence)))
            self._changed[number, place, seen] = changed
        return changed

    def after_writes(self, number: int, written: Iterable[tuple[int, bool]]) -> int:
        """Return the handler after these rows were written."""
        if number == GONE:
            return GONE
        elder = set(self[number].elder)
        for place, expires in written:
            (elder.add if expires else elder.discard)(place)
        return self._numbered(self[number]._replace(elder=frozenset(elder)))

    def effects(
        self, number: int, s3: int, listing: tuple[Observation, ...], books: int, now: int, path: Path
    ) -> tuple[Effect, ...]:
        """Return all possible effects of the handler's next request."""
        key = (number, s3, books, now, path.signal is Signal.OFF, path.period)
        effects = self._effects.get(key)
        if effects is None:
            effects = tuple(self._all_effects(self[number], listing, books, now, path))
            self._effects[key] = effects
        return effects

    def _all_effects(
        self, handler: Handler, listing: tuple, books: int, now: int, path: Path
    ) -> Iterator[Effect]:
        stored, earlier = self._books.values[books]
        in_s3 = dict(zip(self._configuration.keys, listing, strict=True))
        moment = Moment(in_s3, stored, earlier, now, path)
        for after, answer in self._answered(handler, moment, now):
            yield self._effect(after, answer, books, now)
            if isinstance(after.asking, Ended) and answer.fault is None and self._may("crashes"):
                died = after._replace(asking=Ended(handler.asking.task.bodies))
                says = f"{answer.says}, and dies before it acknowledges"
                yield self._effect(died, answer._replace(says=says, fault="crashes"), books, now)
        task = handler.asking.task
        if task.chunk and not task.chunk.answers and self._may("late"):
            over = resume(chunk_over(task, now + task.ahead, LATE), self._wiring)
            late = Answer(None, "is out of time", fault="late")
            yield self._effect(handler._replace(asking=over), late, books, now)

    def _answered(self, handler: Handler, moment: Moment, now: int) -> Iterator[tuple[Handler, Answer]]:
        """Yield every answer with the handler after it. Values that are read at one moment are one answer."""
        asking = handler.asking
        question = asking.question
        at_once = self._at_once(question)
        for answer in answers(question._replace(keys=question.keys[:1]) if at_once else question, moment):
            if answer.fault and not self._may(answer.fault):
                continue
            broken, evidence = self._with_evidence(handler, answer, moment)
            after = handler._replace(
                asking=resume(answered(asking, now, answer.value), self._wiring),
                evidence=evidence,
                period=moment.path.period if isinstance(question, ask.ReadPath) else handler.period,
            )
            if not at_once or len(question.keys) == 1:
                yield after, answer._replace(broken=(*answer.broken, *broken))
                continue
            for last, rest in self._answered(after, moment, now):
                says = f"{answer.says}, {rest.says}"
                yield last, rest._replace(says=says, fault=answer.fault or rest.fault)

    def _may(self, fault: str) -> bool:
        return bool(getattr(self._configuration.budget, fault))

    def _at_once(self, question: ask.Question) -> bool:
        if isinstance(question, ask.ReadRow):
            return not self._configuration.split_rows
        return isinstance(question, ask.ReadTotal) and not self._configuration.split_totals

    def _with_evidence(
        self, handler: Handler, answer: Answer, moment: Moment
    ) -> tuple[tuple[str, ...], tuple[ghosts.Evidence, ...]]:
        """Return the invariants that the answer breaks, and the handler's evidence after it."""
        question = handler.asking.question
        evidence = list(handler.evidence)
        broken: tuple[str, ...] = ()
        if isinstance(question, ask.ReadRow | ask.Look) and answer.value[1] is not UNANSWERED:
            key = (question.bucket, answer.value[0])
            after = ghosts.after_row if isinstance(question, ask.ReadRow) else ghosts.after_look
            evidence[self._places[key]] = after(evidence[self._places[key]], moment.s3[key])
        if isinstance(question, ask.Write) and answer.books:
            for write in question.transaction.rows:
                place = self._places[question.transaction.bucket, write.key]
                if not ghosts.supports(evidence[place], write.seen):
                    broken = (TRUE_LOOK,)
                evidence[place] = None
        return broken, tuple(evidence)

    def _effect(self, after: Handler, answer: Answer, books: int, now: int) -> Effect:
        sent = tuple(self._messages(body) for body in answer.sent)
        delayed = tuple((at, self._messages(body)) for at, body in answer.delayed)
        checked = None
        if isinstance(after.asking, Ended):
            number = GONE
            sent += () if after.zombie else tuple(self._messages(body) for body in after.asking.failed)
            checked = None if after.asking.failed else after.period
        else:
            number = self._numbered(after)
        written: tuple[tuple[int, bool], ...] = ()
        if answer.books is not None:
            before = self._books.values[books][0]
            stored = (
                canonical(answer.books, now, rollups=bool(self._configuration.lengths)),
                before if self._configuration.budget.stale else None,
            )
            books = self._books(stored)
            written = tuple(self._written(before, answer.books))
        return Effect(
            answer.fault, number, books, sent, answer.broken, answer.says, written, delayed, checked
        )

    def _written(self, before: Books, after: Books) -> Iterator[tuple[int, bool]]:
        for (bucket, key), place in self._places.items():
            row = after.of(bucket).stored(key)
            if row != before.of(bucket).stored(key):
                yield place, row.expires
