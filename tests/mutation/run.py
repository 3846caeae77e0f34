"""Runs the fast tests on mutants, as a plugin of pytest that forks after the tests are collected.

A mutant of a function is run by the tests that call that function, the fastest first. One of a constant, a field or a
default is run by the tests that call anything of its module.
"""

import gc
import os
import pickle
import signal
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from _pytest.runner import CallInfo
from hypothesis import HealthCheck, settings

from tests.mutation.forks import run_all
from tests.mutation.mutants import Mutant
from tests.mutation.swapping import swap

OPTIONS = [
    "-q",
    "-x",
    "-s",
    "--assert=plain",
    "--tb=no",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:randomly",
    "-o",
    "timeout=0",
    "--no-header",
]
PROCESSES = int(os.environ.get("MUTANTS_PROCESSES", "2"))
EXTRA_SECONDS = 1
"""The processor time that a test may take in addition to three times what it takes on the right code."""
Report = Callable[[Mutant, bool], None]

settings.register_profile(
    "mutation",
    max_examples=25,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def run(mutants: Sequence[Mutant], tests: Iterable[Path], report: Report) -> None:
    """Run the mutants, and report which survived."""
    code = pytest.main([*OPTIONS, *map(str, tests)], plugins=[_Plugin(mutants, report)])
    if code not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
        raise SystemExit(f"the tests could not be collected, or fail without a mutant: {code!r}")


def _reporter(report: Report, mutant: Mutant) -> Callable[[bool], None]:
    return lambda survived: report(mutant, survived)


class _Plugin:
    def __init__(self, mutants: Sequence[Mutant], report: Report) -> None:
        self.mutants = mutants
        self.report = report

    def pytest_configure(self) -> None:
        settings.load_profile("mutation")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        calling, seconds = _calls(session.items)
        gc.freeze()  # a collection in a fork would copy all memory
        by_speed = sorted(session.items, key=lambda item: seconds[item.nodeid])

        def work() -> Iterable[tuple[Callable[[], bool], Callable[[bool], None]]]:
            for mutant in self.mutants:
                chosen = _chosen(mutant, by_speed, calling)
                yield _passes(mutant, chosen, seconds), _reporter(self.report, mutant)

        run_all(work(), PROCESSES)
        return True


def own_first(mutant: Mutant, tests: Iterable[Path]) -> list[Path]:
    """Return the modules of tests, that of the mutated module first."""
    return sorted(tests, key=lambda path: path.stem != _own(mutant))


def _own(mutant: Mutant) -> str:
    return f"test_{mutant.module.split('.')[-1]}"


def _chosen(
    mutant: Mutant, items: Sequence[pytest.Item], calling: dict[tuple[str, str], set[str]]
) -> list[pytest.Item]:
    """Return the tests to run: the module's own first, because most mutants die of them."""
    if mutant.function:
        wanted = calling[str(mutant.path), mutant.function]
    else:
        wanted = {test for (path, _), tests in calling.items() if path == str(mutant.path) for test in tests}
        wanted |= {item.nodeid for item in items if item.path.stem == _own(mutant)}
    return sorted(
        (item for item in items if item.nodeid in wanted), key=lambda item: item.path.stem != _own(mutant)
    )


def _passes(mutant: Mutant, items: Sequence[pytest.Item], seconds: dict[str, float]) -> Callable[[], bool]:
    def passes() -> bool:
        swap(mutant)
        return all(_pass(item, limit=EXTRA_SECONDS + 3 * seconds[item.nodeid]) for item in items)

    return passes


def _pass(item: Any, *, limit: float) -> bool:
    """Return whether a test passes; end this process if that takes more processor time, in seconds, than allowed.

    pytest's own way also writes a report of each failure, which takes longer than most tests.
    """
    signal.setitimer(signal.ITIMER_PROF, limit)  # the signal ends the process
    item._initrequest()
    hooks, passed = item.ihook, True
    phases = (
        lambda: hooks.pytest_runtest_setup(item=item),
        lambda: hooks.pytest_runtest_call(item=item),
        # Without a next item, fixtures of modules end with each test: a mutant must not break another test's.
        lambda: hooks.pytest_runtest_teardown(item=item, nextitem=None),
    )
    for phase, name in zip(phases, ("setup", "call", "teardown"), strict=True):
        if passed or name == "teardown":
            passed = CallInfo.from_call(phase, when=name).excinfo is None and passed
    signal.setitimer(signal.ITIMER_PROF, 0)
    return passed


def _calls(items: Sequence[pytest.Item]) -> tuple[dict[tuple[str, str], set[str]], dict[str, float]]:
    """Return which tests call each function (its file and qualified name), and how many seconds each test takes."""
    with TemporaryDirectory() as place:
        file = Path(place) / "calls"

        def record() -> bool:
            file.write_bytes(pickle.dumps(_recorded(items)))
            return True

        run_all([(record, lambda _: None)], 1)
        calling, seconds, failed = pickle.loads(file.read_bytes())  # noqa: S301 - this process has written it
    if failed:
        raise SystemExit(f"tests fail without a mutant: {', '.join(failed)}")
    return defaultdict(set, calling), seconds


def _recorded(
    items: Sequence[pytest.Item],
) -> tuple[dict[tuple[str, str], set[str]], dict[str, float], list[str]]:
    calling: dict[tuple[str, str], set[str]] = defaultdict(set)
    seconds: dict[str, float] = {}
    failed: list[str] = []
    for item in items:
        began = time.process_time()

        def note(frame: Any, event: str, _: Any, name: str = item.nodeid) -> None:
            if event == "call" and "/services/" in frame.f_code.co_filename:
                outer = frame.f_code.co_qualname.split(".<locals>")[0]
                calling[frame.f_code.co_filename, outer].add(name)

        threading.setprofile(note)
        sys.setprofile(note)
        try:
            passed = _pass(item, limit=600)
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
        seconds[item.nodeid] = time.process_time() - began
        # A test of real timeouts may fail once while this machine is busy.
        if not (passed or _pass(item, limit=600)):
            failed.append(item.nodeid)
    return dict(calling), seconds, failed
