"""Puts a mutant into this process, in which everything is imported already, so that a test of it takes milliseconds."""

import importlib
import inspect
import sys
from collections.abc import Iterator
from dataclasses import Field
from enum import EnumType
from types import CodeType, FunctionType, ModuleType
from typing import Any

import libcst as cst

from tests.mutation.mutants import Mutant


def swap(mutant: Mutant) -> None:
    """Replace a function's code, a constant, a default or a field by its mutant, wherever it was imported to.

    Raises whatever the mutated code raises when it is imported. A constant that was computed from the mutated one keeps its
    value.
    """
    module = importlib.import_module(mutant.module)
    if mutant.function:
        function = _plain(_found(module, mutant.function))
        codes = _codes(compile(mutant.source, str(mutant.path), "exec"))
        function.__code__ = next(code for code in codes if code.co_qualname == mutant.function)
        return
    before, after = _Statements(mutant.text).of, _Statements(mutant.source).of
    for place, new in after.items():
        if before.get(place) != new:
            _assign(module, place, new)


def _assign(module: ModuleType, place: str, code: str) -> None:
    """Give a constant, a field with a default, or a parameter with a default the value of this code."""
    value = eval(code, vars(module))  # noqa: S307 - it is the product's own code
    if isinstance(value, Field):
        return  # its class would have to be made anew, so that anew.py decides
    outer, _, name = place.rpartition(".")
    if not outer:
        old = vars(module)[name]
        for each in list(sys.modules.values()):
            if vars(each).get(name) is old:
                setattr(each, name, value)
        return
    found = _found(module, outer)
    if isinstance(found, EnumType):
        found[name]._value_ = value
        return
    if isinstance(found, type) and not (
        inspect.isfunction(found.__init__) and name in _parameters(found.__init__)
    ):
        setattr(found, name, value)
        return
    function = found.__init__ if isinstance(found, type) else _plain(found)
    _set_default(function, name, value)


def _parameters(function: FunctionType) -> Any:
    return inspect.signature(function).parameters


def _set_default(function: FunctionType, name: str, value: object) -> None:
    if name in (function.__kwdefaults__ or {}):
        function.__kwdefaults__ = {**function.__kwdefaults__, name: value}
        return
    defaults = list(function.__defaults__ or ())
    positional = function.__code__.co_varnames[: function.__code__.co_argcount]
    defaults[positional.index(name) - len(positional)] = value
    function.__defaults__ = tuple(defaults)


class _Statements(cst.CSTVisitor):
    """The code of a module's constants, fields and defaults, by their qualified names."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.of: dict[str, str] = {}
        self._around: list[str] = []
        self._module = cst.parse_module(text)
        self._module.visit(self)

    def _note(self, name: str, value: cst.CSTNode | None) -> None:
        if value is not None:
            self.of[".".join([*self._around, name])] = self._module.code_for_node(value)

    def visit_ClassDef(self, node: cst.ClassDef) -> None:  # noqa: N802 - libcst calls it
        self._around.append(node.name.value)

    def leave_ClassDef(self, original_node: cst.ClassDef) -> None:  # noqa: N802
        self._around.pop()

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:  # noqa: N802
        self._around.append(node.name.value)
        for parameter in (*node.params.params, *node.params.kwonly_params):
            self._note(parameter.name.value, parameter.default)
        self._around.pop()
        return False

    def visit_Assign(self, node: cst.Assign) -> None:  # noqa: N802
        for target in node.targets:
            if isinstance(target.target, cst.Name):
                self._note(target.target.value, node.value)

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:  # noqa: N802
        if isinstance(node.target, cst.Name):
            self._note(node.target.value, node.value)


def _found(module: ModuleType, qualified: str) -> Any:
    found: Any = module
    for name in qualified.split("."):
        found = vars(found)[name]
    return found


def _plain(found: Any) -> FunctionType:
    """Return the function behind a property, a class method or a decorator."""
    if isinstance(found, property):
        found = found.fget
    found = getattr(found, "__func__", found)
    found = getattr(found, "__wrapped__", found)
    assert isinstance(found, FunctionType), found
    return found


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
