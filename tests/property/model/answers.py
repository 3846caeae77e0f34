"""The possible answers to each question, and their effects on the tables and the queue."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from size_history import keys as layout
from size_history.sources import SECOND
from size_tracking.values import Observation, Outcome
from tests.property.model import books as tables
from tests.property.model import questions as ask
from tests.property.model.books import FIRST_SOURCE, FIRST_TOTALS, Books
from tests.property.model.invariants import broken_by, rollups_broken, told_broken
from tests.property.model.path import Path, Signal
from tests.property.model.story import (
    describe_message,
    describe_rollups,
    describe_row,
    describe_run,
    describe_samples,
    describe_seen,
    describe_source,
    describe_totals,
    describe_transaction,
)
from tests.property.model.tape import Raised


class UnansweredError(Exception):
    """S3 did not answer."""


class LostAnswerError(Exception):
    """The write may have succeeded."""


class ConflictError(Exception):
    """A put conflicted with a transaction under way. (A transaction learns that from its outcome.)"""


CONFLICT = ConflictError("a transaction is under way")
UNANSWERED = UnansweredError("S3 did not answer")
LOST = LostAnswerError("no answer came")


class Moment(NamedTuple):
    """The state that questions are about."""

    s3: Mapping[tuple[str, str], Observation]
    books: Books
    earlier: Books | None
    """The tables that a stale read may see."""
    now: int
    path: Path


class Answer(NamedTuple):
    """One possible answer: its value for the handler, its words for the story, and its effects."""

    value: Any
    says: str
    fault: str | None = None
    books: Books | None = None
    sent: tuple[str, ...] = ()
    delayed: tuple[tuple[int, str], ...] = ()
    """Messages that are sent, too, and the instants (microseconds) at which they arrive."""
    broken: tuple[str, ...] = ()


def answers(question: ask.Question, moment: Moment) -> Iterator[Answer]:
    """Yield every answer to a question."""
    yield from _ANSWERS[type(question)](question, moment)


def _row(question: ask.ReadRow, moment: Moment) -> Iterator[Answer]:
    for key in question.keys:
        for fault, books in _visible(moment):
            row = books.of(question.bucket).stored(key).row
            yield Answer((key, row), f"reads the row of {key}: {describe_row(row)}", fault)


def _look(question: ask.Look, moment: Moment) -> Iterator[Answer]:
    for key in question.keys:
        seen = moment.s3[question.bucket, key]
        yield Answer((key, seen), f"looks at {key}: {describe_seen(seen)}")
        yield Answer((key, UNANSWERED), f"looks at {key}, S3 does not answer", fault="unanswered")


def _total(question: ask.ReadTotal, moment: Moment) -> Iterator[Answer]:
    for which in question.keys:
        for fault, books in _visible(moment):
            if which == "peak":
                peak = books.peak
                yield Answer((which, peak), f"reads the peak: {peak.size if peak else 'none'}", fault)
            elif which == "source":
                source = books.of(question.bucket).source
                yield Answer((which, source), f"reads the bucket's row: {describe_source(source)}", fault)
            else:
                totals = books.of(question.bucket).totals
                yield Answer((which, totals), f"reads the totals: {describe_totals(totals)}", fault)


def _recorded(question: ask.Recorded, moment: Moment) -> Iterator[Answer]:
    stored = [
        (key, row.row.seen)
        for key, row in moment.books.of(question.bucket).rows
        if row.row
        and layout.shard(key) == question.shard
        and key > question.after
        and (question.until is None or key <= question.until)
    ]
    rows = tuple((key, seen) for key, seen in stored if seen.present)
    found = ", ".join(f"{key} = {describe_seen(seen)}" for key, seen in rows)
    text = f"reads the rows of shard {question.shard}"
    yield Answer(rows, f"{text}: {found or 'none'}")
    for last, _ in stored:
        read = tuple(row for row in rows if row[0] <= last)
        yield Answer((*read, (last, None)), f"{text} up to {last}", fault="short")


def _next(question: ask.ListNext, moment: Moment) -> Iterator[Answer]:
    listed = sorted(
        (key, seen)
        for (bucket, key), seen in moment.s3.items()
        if bucket == question.bucket and key > question.after and seen.present
    )
    found = listed[0] if listed else None
    text = f"{found[0]} = {describe_seen(found[1])}" if found else "the end"
    yield Answer(found, f"lists what follows {question.after or 'the beginning'}: {text}")


def _run(question: ask.ReadRun, moment: Moment) -> Iterator[Answer]:
    for fault, books in _seen_by(question, moment):
        run = books.of(question.bucket).run
        yield Answer(run, f"reads the run: {describe_run(run)}", fault)


def _source(question: ask.ReadSource, moment: Moment) -> Iterator[Answer]:
    for fault, books in _seen_by(question, moment):
        source = books.of(question.bucket).source
        yield Answer(source, f"reads the bucket's row: {describe_source(source)}", fault)


def _path(question: ask.ReadPath, moment: Moment) -> Iterator[Answer]:
    on = moment.path.signal is not Signal.OFF
    yield Answer(on, f"finds the events {'on' if on else 'off'}")


def _put_source(question: ask.PutSource, moment: Moment) -> Iterator[Answer]:
    bucket = moment.books.of(question.bucket)
    text = describe_source(question.source)
    if not tables.source_stands(bucket.source, question.source):
        yield Answer(value=False, says=f"is refused: {text}")
        return
    after = moment.books.put(question.bucket, replace(bucket, source=question.source))
    done = Answer(value=True, says=f"puts: {text}", books=after)
    yield done
    yield from _lost(done, tables.source_stands(question.source, question.source))


def _write(question: ask.Write, moment: Moment) -> Iterator[Answer]:
    transaction = question.transaction
    text = describe_transaction(transaction)
    outcome = tables.outcome(moment.books, transaction)
    if outcome is not Outcome.COMMITTED:
        yield Answer(outcome, f"is refused ({outcome.name.lower().replace('_', ' ')}): {text}")
        return
    after = tables.written(moment.books, transaction)
    broken = tuple(broken_by(moment.books, after, transaction))
    done = Answer(outcome, f"commits {text}", books=after, broken=broken)
    yield done
    yield from _lost(done, tables.outcome(after, transaction))
    conflict = f"is refused (another transaction is under way): {text}"
    yield Answer(Outcome.TOTALS_MOVED, conflict, fault="conflicts")


def _put_run(question: ask.PutRun, moment: Moment) -> Iterator[Answer]:
    bucket = moment.books.of(question.bucket)
    run = question.run
    text = f"{describe_run(run)}{'' if run.announced else ', next step not yet sent'}"
    if not tables.run_stands(bucket.run, run):
        yield Answer(value=False, says=f"is refused the run ({text})")
        return
    after = moment.books.put(question.bucket, replace(bucket, run=run))
    done = Answer(value=True, says=f"puts the run ({text})", books=after)
    yield done
    yield from _lost(done, tables.run_stands(run, run))
    conflict = f"cannot put the run ({text}), a transaction is under way"
    yield Answer(Raised(CONFLICT), conflict, fault="conflicts")


def _create(question: ask.CreateTotals, moment: Moment) -> Iterator[Answer]:
    bucket = moment.books.of(question.bucket)
    if not tables.totals_may_be_created(bucket.totals):
        yield Answer(Outcome.TOTALS_MOVED, "finds that there are totals already")
        return
    if not question.found and not tables.source_stands(bucket.source, FIRST_SOURCE):
        yield Answer(Outcome.TOTALS_MOVED, "finds that there is a row of the bucket by now")
        return
    source = bucket.source if question.found else FIRST_SOURCE
    after = moment.books.put(question.bucket, replace(bucket, totals=FIRST_TOTALS, source=source))
    done = Answer(Outcome.COMMITTED, "creates the totals (adopting)", books=after)
    yield done
    yield from _lost(done, Outcome.TOTALS_MOVED)
    conflict = "cannot create the totals, a transaction is under way"
    yield Answer(Outcome.TOTALS_MOVED, conflict, fault="conflicts")


def _tracked(question: ask.ReadTrackedBuckets, moment: Moment) -> Iterator[Answer]:
    tracked = tuple(name for name, bucket in moment.books.buckets if bucket.totals)
    yield Answer(tracked, f"reads the tracked buckets: {', '.join(tracked)}")


def _samples(question: ask.ReadSamples, moment: Moment) -> Iterator[Answer]:
    for fault, books in _seen_by(question, moment):
        samples = books.of(question.bucket).samples
        within = [sample for sample in samples if question.start <= sample.time < question.end]
        page = tuple((within[::-1] if question.backward else within)[: question.limit])
        yield Answer(page, f"reads samples: {describe_samples(page)}", fault)


def _rollups(question: ask.ReadRollups, moment: Moment) -> Iterator[Answer]:
    found = tuple(
        rollup
        for rollup in moment.books.of(question.bucket).rollups
        if rollup.unit is question.unit and question.first <= rollup.interval.start < question.last
    )
    yield Answer(found, f"reads each {question.unit}: {describe_rollups(found)}")


def _put_rollups(question: ask.PutRollups, moment: Moment) -> Iterator[Answer]:
    bucket = moment.books.of(question.bucket).with_rollups(question.rollups)
    broken = tuple(rollups_broken(bucket))
    text = describe_rollups(question.rollups)
    books = moment.books.put(question.bucket, bucket)
    done = Answer(None, f"puts {text}", books=books, broken=broken)
    yield done
    yield from _lost(done, None)
    conflict = f"cannot put {text}, a transaction is under way"
    yield Answer(Raised(CONFLICT), conflict, fault="conflicts")


def _tell(question: ask.Tell, moment: Moment) -> Iterator[Answer]:
    broken = tuple(told_broken(question, moment.books.of(question.bucket)))
    yield Answer(None, f"tells of {question.told.sample_cnt} samples", broken=broken)


def _send(question: ask.Send, moment: Moment) -> Iterator[Answer]:
    says = f"sends {describe_message(question.body)}"
    if question.delay:
        at = moment.now + question.delay * SECOND
        done = Answer(None, f"{says}, delayed", delayed=((at, question.body),))
    else:
        done = Answer(None, says, sent=(question.body,))
    yield done
    yield from _lost(done, None)
    yield done._replace(
        sent=done.sent * 2, delayed=done.delayed * 2, says=f"{done.says}, twice", fault="lost"
    )


def _lost(done: Answer, second: Any) -> Iterator[Answer]:
    """Yield the answers if that to a successful write is lost: an error, or the answer to a second attempt."""
    yield done._replace(value=Raised(LOST), says=f"{done.says}, and the answer is lost", fault="lost")
    if second != done.value:
        says = f"{done.says}, the answer is lost, and a second attempt is refused"
        yield done._replace(value=second, says=says, fault="lost")


def _seen_by(
    question: ask.ReadRun | ask.ReadSource | ask.ReadSamples, moment: Moment
) -> tuple[tuple[str | None, Books], ...]:
    return ((None, moment.books),) if question.consistent else _visible(moment)


def _visible(moment: Moment) -> tuple[tuple[str | None, Books], ...]:
    """Return the tables that a read may see, and the fault that each needs."""
    now = (None, moment.books)
    return (now, ("stale", moment.earlier)) if moment.earlier else (now,)


_ANSWERS = {
    ask.ReadRow: _row,
    ask.Look: _look,
    ask.ReadTotal: _total,
    ask.Recorded: _recorded,
    ask.ListNext: _next,
    ask.ReadRun: _run,
    ask.Write: _write,
    ask.PutRun: _put_run,
    ask.CreateTotals: _create,
    ask.ReadTrackedBuckets: _tracked,
    ask.ReadSource: _source,
    ask.ReadPath: _path,
    ask.PutSource: _put_source,
    ask.Send: _send,
    ask.ReadSamples: _samples,
    ask.ReadRollups: _rollups,
    ask.PutRollups: _put_rollups,
    ask.Tell: _tell,
}
