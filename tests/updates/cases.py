"""The rows of the update table in docs/substrates.md: what is deployed, and which change of it is looked at."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.updates.deployment import Deployment
from tests.updates.outcome import outcome
from tests.updates.templates import Templates, failing_late, with_properties, without

Variants = Callable[[str], Templates]
"""Returns the templates of a variant: today's, or those of version 0.1."""
Step = Callable[[Variants], Templates]
"""Returns the templates that one step deploys."""

ANOTHER_NAME = {"TableName": "another-ledger"}
"""A property that replaces a table."""


def every(variant: str) -> Step:
    """Return a step that deploys every stack."""
    return lambda variants: variants(variant)


def only(stack: str, variant: str = "base") -> Step:
    """Return a step that deploys one stack."""
    return lambda variants: {stack: variants(variant)[stack]}


def failing(variant: str) -> Step:
    """Return a step whose last resource fails."""
    return lambda variants: {"LambdaStack": failing_late(variants(variant)["LambdaStack"])}


def another_ledger(variants: Variants) -> Templates:
    """Return templates that replace the ledger, whose name is behind a parameter."""
    return {
        "StorageStack": with_properties(variants("base")["StorageStack"], "LedgerTableName", ANOTHER_NAME)
    }


def another_ledger_and_no_plots(variants: Variants) -> Templates:
    """Return templates that also remove the plot bucket."""
    return {"StorageStack": without(another_ledger(variants)["StorageStack"], "PlotBucketName")}


BASE = every("base")


@dataclass(frozen=True)
class Case:
    """The change whose outcome is told (None deletes all stacks), and what is deployed before it, step by step."""

    change: Step | None
    first: tuple[Step, ...] = (BASE,)
    upgrade: bool = False
    """Whether version 0.1's templates are deployed first, and today's by the change. Then the outcome is brief."""


CASES = {
    "nothing": Case(BASE),
    "new_digest": Case(every("digest")),
    "digest_taken_back": Case(BASE, first=(BASE, every("digest"))),
    "failing_update": Case(failing("digest")),
    "same_commit_again": Case(every("digest"), first=(BASE, failing("digest"))),
    "name_behind_a_parameter": Case(only("LambdaStack"), first=(BASE, another_ledger)),
    "storage_replaced_and_removed": Case(another_ledger_and_no_plots, first=(only("StorageStack"),)),
    "stacks_deleted": Case(None),
    "bucket_tracked": Case(every("tracked")),
    "bucket_tracked_no_more": Case(BASE, first=(every("tracked"),)),
    "failing_settings": Case(failing("tracked")),
    "queue_profile": Case(every("profile")),
    "upgrade": Case(every("images"), upgrade=True),
    "upgrade_without_new_images": Case(only("LambdaStack"), upgrade=True),
}


def run(it: Deployment, case: Case, variants: Variants, before: Variants) -> str:
    """Return the outcome of a case, whose first steps deploy the templates of `before`."""
    it.deploy(only("StorageStack")(before))
    it.fill()  # before there is a function that an event would call
    for step in case.first:
        it.deploy(step(before))
    found = it.resources()
    if case.change is None:
        it.delete()
        return outcome(it, found, {}, {})
    templates = case.change(variants)
    return outcome(it, found, templates, it.deploy(templates), brief=case.upgrade)
