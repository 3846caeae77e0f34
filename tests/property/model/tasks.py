"""A handler in the model: its messages, its answers, and its current chunk.

The chunk is the real state machine's own state. Each step of it drops the earlier answers, so two handlers that reached the
same state on different ways are the same handler.
"""

from dataclasses import replace
from typing import Any, NamedTuple

from size_tracking.track_plan import ChunkState, Done
from tests.property.model.questions import Question, RunChunk
from tests.property.model.tape import ALWAYS, PausedError, Raised, Tape, Wiring

Answers = tuple[tuple[int, Any], ...]


class Chunk(NamedTuple):
    """A chunk of keys: its state, the keys without an answer of S3, and the answers since the state began."""

    began: int
    state: ChunkState
    adopt: str
    failed: tuple[tuple[str, Exception], ...] = ()
    answers: Answers = ()


class Task(NamedTuple):
    """An invocation: its start, its messages, the answers so far, and its current chunk, if any."""

    began: int
    bodies: tuple[str, ...]
    answers: Answers = ()
    chunk: Chunk | None = None
    ahead: int = 0
    """How far its clock is ahead, in microseconds."""
    old: bool = False
    """It is of version 0.1, which knows nothing of rollups."""


class Asking(NamedTuple):
    """A task that waits for the answer to a question."""

    task: Task
    question: Question
    since: int


class Ended(NamedTuple):
    """The invocation is over; these messages come back."""

    failed: tuple[str, ...]


def resume(task: Task, wiring: Wiring) -> Asking | Ended:
    """Run the real code until its answers are used up."""
    while True:
        paused = _in_chunk(task, task.chunk, wiring) if task.chunk else _in_batch(task, wiring)
        if not isinstance(paused, Task):
            return paused
        task = paused


def answered(asking: Asking, now: int, value: Any) -> Task:
    """Return the task with one more answer; answers of one request have no order."""
    task, _, since = asking
    answers = task.chunk.answers if task.chunk else task.answers
    together = (*answers[since:], (now + task.ahead, value))
    if len(together) > 1:
        together = tuple(sorted(together, key=lambda answer: answer[1][0]))
    answers = answers[:since] + together
    if task.chunk:
        return task._replace(chunk=task.chunk._replace(answers=answers))
    return task._replace(answers=answers)


def _in_batch(task: Task, wiring: Wiring) -> Task | Asking | Ended:
    tape = Tape(task.began, task.answers)
    batch, _ = wiring.wire(tape, old=task.old)
    records = [{"messageId": str(number), "body": body} for number, body in enumerate(task.bodies)]
    try:
        failed = batch.handle(records, remaining_ms=ALWAYS)
    except PausedError as paused:
        if isinstance(paused.question, RunChunk):
            return task._replace(chunk=Chunk(tape.now, paused.question.state, paused.question.adopt))
        return Asking(task, paused.question, paused.since)
    return Ended(tuple(sorted(task.bodies[int(number)] for number in failed)))


def _in_chunk(task: Task, chunk: Chunk, wiring: Wiring) -> Task | Asking:
    tape = Tape(chunk.began, chunk.answers)
    batch, tracker = wiring.wire(tape, old=task.old)
    tracker = replace(tracker, adopt=getattr(batch.reconciler.run_starter, chunk.adopt))
    errors = dict(chunk.failed)
    try:
        state = tracker.step(chunk.state, errors)
    except PausedError as paused:
        return Asking(task, paused.question, paused.since)
    except Exception as error:  # noqa: BLE001  # raised to the batch, as in the real loop
        return chunk_over(task, tape.now, Raised(error))
    failed = tuple(sorted(errors.items(), key=lambda entry: entry[0]))
    if isinstance(state, Done):
        return chunk_over(task, tape.now, (state, failed))
    return task._replace(chunk=Chunk(tape.now, state, chunk.adopt, failed))


def chunk_over(task: Task, now: int, outcome: Any) -> Task:
    """Return the task after its chunk, which ended with this outcome or exception."""
    return task._replace(answers=(*task.answers, (now, outcome)), chunk=None)
