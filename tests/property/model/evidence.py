"""What can be said for an observation: a ghost beside each handler, of which the handler knows nothing.

Per key it is None before anything was asked, EARLY after a look without a row, READ after the row, then the value
looked at: true from there on. Only a handler that reads the row *again* after a look may hold on to that look, so
then all values count that the key has had since, as a frozenset.
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
