"""One fault at one call site: the functions work while it strikes, go on when it has stopped, and must end right."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from size_history import times
from tests.faults.calls import CallSite
from tests.faults.cloud import UNTIL_STOPPED, Strike
from tests.faults.scenarios import ROUTES, TRACKER, Scenario, empty, live, settled_wrong
from tests.faults.system import System
from tests.stateful.faults import Fault
from tests.trace.checker import Rest, check
from tests.trace.lines import Totals, Trace, listening

FAULTS: Mapping[Fault, str] = {
    Fault.THROTTLED: "throttled",
    Fault.SERVER_ERROR: "500",
    Fault.FORBIDDEN: "access denied",
    Fault.TIMEOUT: "timeout before",
    Fault.LOST: "timeout after",
}
ONCE, LONG, STUBBORN = "once", "until the call fails", "until the queue gives up"


@dataclass(frozen=True)
class Work:
    """Something that a function does, and how to find out whether all is right afterwards."""

    name: str
    prepare: Callable[[System], None]
    act: Callable[[System], str]
    """Returns how the fault showed, in a word or two. Raises AssertionError if it showed wrongly."""


def works() -> Iterable[Work]:
    """Return all that the functions do."""
    for scenario in TRACKER:
        yield Work(scenario.name, scenario.prepare, _tracking(scenario))
    for method, path, query in ROUTES:
        yield Work(f"{method} {path} {query or ''}".rstrip(), live, _answering(method, path, query))
    yield Work("a driver's run", empty, _driving)


def call_sites(system: System) -> dict[CallSite, Work]:
    """Return every call site that the functions have, with the shortest work that makes the call."""
    found: dict[CallSite, list[tuple[int, Work]]] = defaultdict(list)
    for work in works():
        system.reset()
        work.prepare(system)
        system.wires.seen.clear()
        work.act(system)
        for site in set(system.wires.seen):
            found[site].append((len(system.wires.seen), work))
    # The driver's own calls, and the API's while it plots, are found in its run, the tracker's in the tracker's work.
    return {site: min(known, key=lambda one: one[0])[1] for site, known in sorted(found.items())}


def strike(system: System, site: CallSite, work: Work, fault: Fault, duration: str) -> str:
    """Let a fault strike a call site, and return how it showed. Raises AssertionError if anything ends wrong."""
    system.reset()
    with listening(Trace()) as trace:
        work.prepare(system)
        system.told.errors.clear()
        system.told.warnings.clear()
        system.failures = 0
        left = 1 if duration == ONCE else UNTIL_STOPPED
        system.wires.strike = Strike(site, fault, left, stubborn=duration == STUBBORN)
        showed = work.act(system)
        assert system.wires.strike.hits, "the fault never struck"
        wrong = settled_wrong(system)
    assert not wrong, wrong
    found = system.books()
    totals = {bucket: Totals.of(each) for bucket, each in found.totals.items()}
    check(trace, Rest(totals, found.peak.size if found.peak else None)).demand()
    for record in (*system.told.errors, *system.told.warnings):
        text = record.getMessage()
        assert not record.exc_info, f"a foreseen error is logged with its stack: {text}"
        assert text.strip(), "an empty line is logged"
        assert "\n" not in text, f"more than one line is logged: {text}"
    return showed


def _tracking(scenario: Scenario) -> Callable[[System], str]:
    def act(system: System) -> str:
        scenario.act(system)
        given_up = len(system.dead)
        if system.wires.strike:
            system.wires.strike.stop()
        system.redrive()
        system.settle()
        errors = [record.getMessage() for record in system.told.errors]
        assert bool(errors) >= bool(system.failures), "a message went back without a line in the log"
        if given_up:
            return f"{given_up} dead letters, redriven"
        if system.failures:
            return "redelivered"
        return "logged" if errors else "absorbed"

    return act


def _answering(method: str, path: str, query: Mapping[str, str]) -> Callable[[System], str]:
    def act(system: System) -> str:
        asked = {name: times.to_text(system.now) if name == "at" else value for name, value in query.items()}

        def call() -> dict[str, object]:
            return system.call(method, path, {} if method == "POST" else None, **asked)

        first = call()
        told = [record.getMessage() for record in (*system.told.errors, *system.told.warnings)]
        if system.wires.strike:
            system.wires.strike.stop()
        again = call()
        assert again["statusCode"] == 200, again
        if first["statusCode"] == 200:
            assert len(set(told)) == len(told), told  # one line for each queue that does not answer
            assert not told or "did not answer" in str(first), (told, first)
            return "answered without a figure" if told else "absorbed"
        assert first["statusCode"] == 500, first
        assert first["headers"]["Content-Type"] == "application/problem+json", first  # type: ignore[index]
        assert len(told) == 1, told
        return "500, then 200"

    return act


def _driving(system: System) -> str:
    """Run the driver; if it fails, run it again."""
    system.put("other", 3)
    system.settle()
    try:
        answer = system.drive()
    except Exception as error:  # noqa: BLE001  # any: the runtime logs it
        text = f"{type(error).__name__}: {error}"
        assert "\n" not in text, f"the error is more than one line: {text}"
        if system.wires.strike:
            system.wires.strike.stop()
        answer = system.drive()
        showed = "failed, then ran"
    else:
        showed = "absorbed"
    system.settle()
    sizes = [sample["total_size"] for sample in answer["history"]]
    assert sizes == [3, 21, 30, 3, 5], sizes
    assert answer["plot"]["status"] == 200, answer
    return showed
