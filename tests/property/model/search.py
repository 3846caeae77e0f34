"""Breadth-first search through all states, so that the first violation has the shortest story."""

import gc
import logging
import os
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from tests.property.model.invariants import ENDS
from tests.property.model.story import Story
from tests.property.model.world import State, Step, World, normal


class Violation(NamedTuple):
    """The broken invariant, whether at rest, and the steps that lead there in words."""

    broken: str
    at_rest: bool
    story: tuple[str, ...]


class Found(NamedTuple):
    """The numbers of states and steps explored, and the violation that ended the search, if any."""

    states: int
    steps: int
    violation: Violation | None


Counts = Callable[[str, bool], bool]
"""Whether a broken invariant, at rest or not, counts as a violation."""


def search(world: World, counts: Counts, limit: int | None = None) -> Found:
    """Explore every state; stop at the first violation. Raises RuntimeError after `limit` states."""
    walk = _Walk(world, counts)
    with _quiet():
        violation = walk.violation_at_start()
        while violation is None and walk.position < len(walk.states):
            if limit is not None and len(walk.states) > limit:
                raise RuntimeError(f"more than {limit} states")
            violation = walk.expand()
        if violation is None and counts(ENDS, False):
            violation = walk.endless()
    return Found(len(walk.states), walk.steps, violation)


@contextmanager
def _quiet() -> Iterator[None]:
    """Discard what the product logs and prints; turn off the garbage collector, since a search makes few cycles."""
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        logging.disable(logging.CRITICAL)
        gc.disable()
        try:
            yield
        finally:
            gc.enable()
            logging.disable(logging.NOTSET)


class _Walk:
    def __init__(self, world: World, counts: Counts) -> None:
        self._world = world
        self._counts = counts
        start = world.initial()
        self.states: list[State] = [start]
        self.position = 0
        self.steps = 0
        self._numbers: dict[State, int] = {start: 0}
        self._parents = array("I", [0])
        self._onward = array("I")
        self._ends = array("Q", [0])

    def violation_at_start(self) -> Violation | None:
        return self._at_rest(0)

    def expand(self) -> Violation | None:
        """Take every step from the next state."""
        numbers, states = self._numbers, self.states
        for step in self._world.steps(states[self.position]):
            self.steps += 1
            if step.broken:
                for name in step.broken:
                    if self._counts(name, False):
                        return Violation(name, False, self._story(self.position, step))
            after = normal(step.raw)
            number = numbers.get(after)
            if number is None:
                number = numbers[after] = len(states)
                states.append(after)
                self._parents.append(self.position)
                violation = self._at_rest(number)
                if violation:
                    return violation
            if step.fault is None:
                self._onward.append(number)
        self._ends.append(len(self._onward))
        self.position += 1
        return None

    def endless(self) -> Violation | None:
        """Return a shortest story to a state from which some schedule without faults never comes to rest.

        It goes backwards from the states at rest: a state comes to rest if all its steps lead to states that do.
        """
        many = len(self.states)
        first, before = self._backwards()
        left = array("I", [0]) * many
        ready = []
        for number in range(many):
            left[number] = self._ends[number + 1] - self._ends[number]
            if self._world.rest_broken(self.states[number]) is not None:
                left[number] = 0
                ready.append(number)
        rests = bytearray(many)
        while ready:
            number = ready.pop()
            rests[number] = 1
            for earlier in before[first[number] : first[number + 1]]:
                if left[earlier]:
                    left[earlier] -= 1
                    if left[earlier] == 0:
                        ready.append(earlier)
        restless = rests.find(0)
        return None if restless < 0 else Violation(ENDS, False, self._restless_story(restless, rests))

    def _backwards(self) -> tuple[array, array]:
        """Return the steps reversed: before[first[n] : first[n + 1]] are the states that step to n."""
        many = len(self.states)
        first = array("Q", [0]) * (many + 1)
        for after in self._onward:
            first[after + 1] += 1
        for number in range(many):
            first[number + 1] += first[number]
        place = array("Q", first)
        before = array("I", [0]) * len(self._onward)
        for number in range(many):
            for after in self._onward[self._ends[number] : self._ends[number + 1]]:
                before[place[after]] = number
                place[after] += 1
        return first, before

    def _at_rest(self, number: int) -> Violation | None:
        for name in self._world.always_broken(self.states[number]):
            if self._counts(name, False):
                return Violation(name, False, self._story(number, None))
        for name in self._world.rest_broken(self.states[number]) or ():
            if self._counts(name, True):
                return Violation(name, True, self._story(number, None))
        return None

    def _restless_story(self, number: int, rests: bytearray) -> tuple[str, ...]:
        """Return a story that goes on from a state without ever coming to rest."""
        path = self._path(number)
        onward = [number]
        while True:
            more = self._onward[self._ends[onward[-1]] : self._ends[onward[-1] + 1]]
            next_state = next((after for after in more if not rests[after]), None)
            if next_state is None:
                return (*self._in_words(path + onward[1:]), "and nothing more can happen")
            if next_state in onward:
                again = len(onward) - onward.index(next_state)
                story = self._in_words([*path, *onward[1:], next_state])
                return (*story, f"and the last {again} steps again, forever")
            onward.append(next_state)

    def _story(self, number: int, last: Step | None) -> tuple[str, ...]:
        return self._in_words(self._path(number), last)

    def _path(self, number: int) -> list[int]:
        path = [number]
        while path[-1]:
            path.append(self._parents[path[-1]])
        return path[::-1]

    def _in_words(self, path: list[int], last: Step | None = None) -> tuple[str, ...]:
        """Return the steps from state to state, and one more, in words."""
        story = Story()
        for here, there in pairwise(path):
            story.tell(
                next(
                    step
                    for step in self._world.steps(self.states[here])
                    if normal(step.raw) == self.states[there]
                )
            )
        if last:
            story.tell(last)
        return tuple(story.lines)
