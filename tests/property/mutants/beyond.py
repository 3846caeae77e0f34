"""What the product does not claim: in these worlds it must break, or the claim would be larger than we say."""

from size_history.sources import SECOND
from tests.property.configurations import ONE, first_minutes
from tests.property.model import invariants as holds
from tests.property.model.configuration import AHEAD
from tests.property.model.messages import request
from tests.property.model.path import Path, Signal
from tests.property.mutants.mutant import Mutant, events, out, replaced

TURNING = {"signal": Signal.TURNING, "sizes": (1,), "in_s3": (1,)}

BEYOND = (
    Mutant(
        "an outage that ends before a check sees it",
        out(1, unseen=True, switches=2, deaf=False),
        holds.LISTING,
    ),
    Mutant(
        "clocks that differ by more than the second run waits longer than it must",
        out(0, skews=1, ahead=AHEAD + 2 * SECOND),
        holds.RECOVERS,
    ),
    Mutant(
        "the first minutes of a bucket count as an outage",
        first_minutes("", ONE, 1),
        holds.HIDDEN,
        replaced(Path)(in_seen_outage=property(lambda self: True)),
    ),
    Mutant(
        "a run that begins while a handler lives that looked before a loss",
        events(2, messages=(request("one"),), **TURNING),
        holds.LISTING,
    ),
)
