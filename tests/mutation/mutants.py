"""The mutants of a module: mutmut's mutations, one at a time, with what tells two mutants apart.

mutmut itself mutates only the bodies of functions, in a copy of the project. Here its mutations are applied to whole modules
(constants, defaults and fields are mutated too), in memory, and run.py runs the tests on them.
"""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any

import libcst as cst
import libcst.matchers as m
from libcst.metadata import (
    CodeRange,
    MetadataWrapper,
    ParentNodeProvider,
    WhitespaceInclusivePositionProvider,
)
from mutmut.mutation.mutators import mutation_operators

SKIPPED = (
    m.Annotation()  # types have no effect
    | m.Decorator()  # `frozen` and `slots` guard programmers; a test cannot miss `@property`
    | m.Import()
    | m.ImportFrom()
    | m.If(test=m.Name("TYPE_CHECKING"))
)
"""What is not mutated."""


@dataclass(frozen=True)
class Mutant:
    """One mutation of a module.

    `function` is the qualified name of the outermost function whose body it is in, or empty: then the module has to be
    imported anew. `where` is the innermost class or function around it.
    """

    path: Path
    module: str
    where: str
    function: str
    text: str
    tree: cst.Module
    old: cst.CSTNode
    new: cst.CSTNode
    span: slice | None

    @cached_property
    def source(self) -> str:
        """The module's source with the mutation."""
        if self.span is None or self.text[self.span] != self.tree.code_for_node(self.old):
            return self.tree.deep_replace(self.old, self.new).code  # a whole block of lines; this takes long
        return self.text[: self.span.start] + self.tree.code_for_node(self.new) + self.text[self.span.stop :]

    @cached_property
    def change(self) -> tuple[str, str]:
        """The lines that differ, without their indentation: as they are, and as the mutation makes them."""
        before, after = self.text.splitlines(), self.source.splitlines()
        removed, added = [], []
        for line in difflib.ndiff(*_differing(before, after)):
            if line.startswith("- "):
                removed.append(line[2:].strip())
            elif line.startswith("+ "):
                added.append(line[2:].strip())
        return " ".join(removed), " ".join(added)

    @property
    def place(self) -> str:
        """The qualified name of what is around it."""
        return f"{self.module}.{self.where}".rstrip(".")

    @property
    def name(self) -> str:
        """The place and the change, which stay the same when lines are added elsewhere."""
        return f"{self.place}: {self.change[0]} -> {self.change[1]}"


def mutants_of(path: Path, module: str) -> Iterator[Mutant]:
    """Yield the mutants of a module. Some may not compile, and two may have the same source."""
    text = path.read_text()
    wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
    parents = wrapper.resolve(ParentNodeProvider)
    positions = wrapper.resolve(WhitespaceInclusivePositionProvider)
    starts = [0, *accumulate(len(line) for line in text.splitlines(keepends=True))]
    finder = _Finder()
    wrapper.module.visit(finder)
    for old, new in finder.found:
        around = _around(old, parents)
        where = ".".join(node.name.value for node in reversed(around))
        yield Mutant(
            path,
            module,
            where,
            _function(old, around, parents),
            text,
            wrapper.module,
            old,
            new,
            _span(positions.get(old), starts),
        )


def _span(position: CodeRange | None, starts: list[int]) -> slice | None:
    """Return where a node is in the text, whose lines start at these characters."""
    if position is None:
        return None
    start, end = position.start, position.end
    return slice(starts[start.line - 1] + start.column, starts[end.line - 1] + end.column)


class _Finder(cst.CSTVisitor):
    """Collects the mutations of every node that is not skipped."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[cst.CSTNode, cst.CSTNode]] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if m.matches(node, SKIPPED):
            return False
        for kind, operator in mutation_operators:
            if isinstance(node, kind):
                mutations = list(operator(node))
                # A text is mutated once: one in other letters is no other fault.
                kept = mutations[:1] if isinstance(node, cst.BaseString) else mutations
                self.found += [(node, mutation) for mutation in kept]
        return True


def _around(node: cst.CSTNode, parents: Any) -> list[cst.ClassDef | cst.FunctionDef]:
    """Return the classes and functions around a node, the innermost first."""
    found = []
    while node := parents.get(node):
        if isinstance(node, cst.ClassDef | cst.FunctionDef):
            found.append(node)
    return found


def _function(node: cst.CSTNode, around: list[cst.ClassDef | cst.FunctionDef], parents: Any) -> str:
    """Return the qualified name of the outermost function, unless the node is among its defaults."""
    functions = [each for each in around if isinstance(each, cst.FunctionDef)]
    if not functions:
        return ""
    child = node
    while parents[child] is not functions[-1]:
        child = parents[child]
    if not isinstance(child, cst.BaseSuite):
        return ""
    outer = around[around.index(functions[-1]) :]
    return ".".join(each.name.value for each in reversed(outer))


def _differing(before: list[str], after: list[str]) -> tuple[list[str], list[str]]:
    """Return the two texts without the lines at both ends that are the same."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    return before[start : len(before) - end], after[start : len(after) - end]
