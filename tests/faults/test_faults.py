"""A fault at every call of AWS: nothing is lost, everything ends exact, and the log says what happened.

The calls are recorded while the functions work, so a new one is struck too. The clients are real ones; what they call is in
memory.
"""

import ast
from collections import Counter
from pathlib import Path

import boto3
import pytest

from plotting.routes import ROUTES as KNOWN_ROUTES
from size_tracking import batch
from size_tracking.batch import Batch
from size_tracking.reconciler import RunStarter
from tests.faults import scenarios
from tests.faults.cloud import Strike
from tests.faults.runs import FAULTS, LONG, ONCE, STUBBORN, call_sites, strike
from tests.faults.system import MAX_QUEUE, SECOND, connected
from tests.stateful.faults import Fault

SERVICES = Path(__file__).parents[2] / "services"
FUNCTIONS = ("size_tracking", "plotting", "driver")
SHOWN = {
    "absorbed": ".",
    "logged": "L",
    "redelivered": "R",
    "500, then 200": "5",
    "answered without a figure": "F",
    "failed, then ran": "D",
}
LEGEND = (
    ". = botocore's next attempt or another way did it; R = the message went back and was processed at its redelivery; "
    "L = a line in the log, and done; 5 = answered 500, then 200; F = answered without the queue's figure; "
    "D = the driver's run failed, the next one did not; X = dead letters after five receives, exact after redrive"
)


@pytest.fixture(scope="module")
def system():
    with connected() as found:
        yield found


@pytest.fixture(scope="module")
def sites(system):
    """Return the call sites that were recorded, each with the work that makes the call."""
    return call_sites(system)


def survive(system, sites, strikes):
    """Strike, and return how each fault showed. Raises AssertionError that lists every fault that was not survived."""
    showed, wrong = {}, []
    for site, fault, duration in strikes:
        try:
            showed[site, fault, duration] = strike(system, site, sites[site], fault, duration)
        except Exception as error:  # noqa: BLE001  # any: all of them are listed at the end
            told = f"{type(error).__name__}: {error}"[:400]
            wrong.append(f"{site} ({sites[site].name}), {FAULTS[fault]}, {duration}: {told}")
    assert not wrong, f"{len(wrong)} of {len(strikes)} faults were not survived:\n" + "\n".join(wrong)
    return showed


def of_the_tracker(site):
    return not (
        site.adapter.startswith(("demonstration.", "plot.", "queues.", "plot_bucket.")) or by_readers(site)
    )


def by_readers(site):
    return "history.History" in site.adapter or site.caller.startswith("sources.") or not site.caller


def table(showed):
    """Return each call site and fault as lines; in a cell once / until the call fails / until the queue gives up."""
    sites = sorted({site for site, _, _ in showed})
    width = max(len(str(site)) for site in sites)
    lines = [f"  {'':<{width}}  " + "  ".join(f"{name:<14}" for name in FAULTS.values())]
    for site in sites:
        cells = []
        for fault in FAULTS:
            found = [showed.get((site, fault, duration)) for duration in (ONCE, LONG, STUBBORN)]
            cells.append(" / ".join(SHOWN.get(each, "X") for each in found if each is not None))
        lines.append(f"  {site!s:<{width}}  " + "  ".join(f"{cell:<14}" for cell in cells))
    return "\n".join(lines)


def test_each_call_survives_a_fault_that_outlasts_its_attempts(system, sites):
    """A different fault at each call site; the long test strikes each with all of them."""
    faults = list(FAULTS)

    survive(system, sites, [(site, faults[number % 5], LONG) for number, site in enumerate(sites)])


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_every_call_survives_every_fault(system, sites, show):
    strikes = [(site, fault, duration) for site in sites for fault in FAULTS for duration in (ONCE, LONG)]
    strikes += [(site, Fault.SERVER_ERROR, STUBBORN) for site in sites if of_the_tracker(site)]

    showed = survive(system, sites, strikes)

    show(f"\n  {len(sites)} call sites, {len(strikes)} runs:\n{table(showed)}\n  {LEGEND}")
    counts = Counter(SHOWN.get(each, "X") for each in showed.values())
    assert counts["R"] > 100
    assert counts["5"] > 20
    assert counts["D"] > 20
    assert counts["X"] > 10


OUTAGE_SECONDS = 3600


@pytest.mark.parametrize("operation", ["create_totals < reconciler.RunStarter", "Ledger.commit < tracker"])
def test_an_outage_of_an_hour_fills_no_queue_and_its_dead_letters_are_redriven_exact(
    system, sites, operation
):
    """Writes are denied; what a failed message sends must not multiply."""
    site = next(site for site in sites if operation in str(site))
    system.reset()
    system.wires.strike = Strike(site, Fault.FORBIDDEN, lasting=True)
    for key in ("a", "b"):
        system.put(key, 3)
    end = system.now + OUTAGE_SECONDS * SECOND

    while system.queue and system.now < end:
        if not system.deliver():
            system.now = min(message.due for message in system.queue)
    system.wires.strike.stop()
    assert system.longest <= MAX_QUEUE
    assert len(system.dead) <= MAX_QUEUE

    system.settle()
    system.redrive()
    system.settle()
    assert scenarios.settled_wrong(system) == ""


def acknowledge_all(patched):
    track = Batch._track
    patched.setattr(Batch, "_track", lambda *arguments: [*track(*arguments)][:0])


def log_stacks(patched):
    patched.setattr(batch, "_FORESEEN", ())


def send_from_failed_steps(patched):
    patched.setattr(RunStarter, "create_totals", RunStarter.adopt)


@pytest.mark.parametrize(
    ("plant", "operation", "duration", "found"),
    [
        (acknowledge_all, "HeadObject", LONG, "at rest"),
        (log_stacks, "BatchGetItem", LONG, "with its stack"),
        (
            send_from_failed_steps,
            "create_totals < reconciler.RunStarter",
            STUBBORN,
            "the queue grew",
        ),
    ],
)
def test_a_planted_error_is_found(system, sites, plant, operation, duration, found):
    site = next(site for site in sites if operation in str(site) and of_the_tracker(site))
    strike(system, site, sites[site], Fault.SERVER_ERROR, duration)  # without the error all is well

    with pytest.MonkeyPatch.context() as patched:
        plant(patched)
        with pytest.raises(AssertionError, match=found):
            strike(system, site, sites[site], Fault.SERVER_ERROR, duration)


def test_every_route_is_asked():
    asked = {(method, path) for method, path, _ in scenarios.ROUTES}

    assert asked == {(method, path) for path, methods in KNOWN_ROUTES.items() for method in methods}


def test_every_operation_that_the_sources_name_is_struck(sites):
    """An operation is named as a client's method, or as a text that says which pages to read."""
    operations = {}
    for service in ("s3", "dynamodb", "sqs", "events"):
        client = boto3.client(
            service, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        operations |= client.meta.method_to_api_mapping
    named = set()
    for path in (path for function in FUNCTIONS for path in (SERVICES / function).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "value", None)
            if isinstance(name, str) and name in operations:
                named.add(operations[name])

    assert named - {site.operation for site in sites} == set()
    assert len(named) > 15
