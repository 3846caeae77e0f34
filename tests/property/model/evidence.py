"""Whether an observation was true when it had to be: a ghost variable beside each handler, unknown to the handler.

Per key it is None at first, EARLY after an observation without a row, READ after the row was read, then the value that was
observed. If a handler reads the row *again* after an observation, it may keep the observation, so the evidence becomes the
frozenset of all values that the key has had since.
"""

from size_tracking.values import Observation

READ = "read"
EARLY = "early"

Evidence = None | str | Observation | frozenset[Observation]


def after_row(evidence: Evidence, in_s3: Observation) -> Evidence:
    """Return the evidence once the row is read while S3 holds `in_s3`."""
    return READ if evidence in (None, READ) else frozenset({in_s3})


def after_look(evidence: Evidence, seen: Observation) -> Evidence:
    """Return the evidence once S3 has answered."""
    return EARLY if evidence in (None, EARLY) else seen


def after_change(evidence: Evidence, in_s3: Observation) -> Evidence:
    """Return the evidence once the key has changed to `in_s3`."""
    return evidence | {in_s3} if isinstance(evidence, frozenset) else evidence


def supports(evidence: Evidence, seen: Observation) -> bool:
    """Return whether the observation is known to have been true since the row was read."""
    return seen in evidence if isinstance(evidence, frozenset) else seen == evidence
