"""Each permission of each role is used, and without it the function's work is refused and the function says so.

One refusal does not stop the work: where S3 refuses a HEAD, the tracker looks at the listing instead, which costs twice.
"""

import time
from contextlib import ExitStack

import pytest

from tests.e2e.disturbances import visibility
from tests.permissions import flows
from tests.permissions.grants import forget, grants_of, needed, role_of, without
from tests.waiting import until

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

FLOWS = {
    "size_tracking_function": flows.track,
    "plotting_function": flows.plot,
    "driver_function": flows.drive,
}
BY_THE_PLATFORM = {
    "size_tracking_function": ("logs:", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
    "plotting_function": ("logs:",),
    "driver_function": ("logs:",),
}
"""What Lambda does with the role before or after it calls the function, which therefore cannot tell of a refusal."""


CALLS = {"size_tracking_function": 6, "plotting_function": 6, "driver_function": 2}
"""How many calls at the same time start one of them cold. Two runs of the demo wait for one another."""
HAS_ANOTHER_WAY = {("size_tracking_function", "s3:GetObject")}
"""The listing answers for a refused HEAD (tests/unit/size_tracking/test_observer.py)."""


@pytest.fixture(autouse=True)
def settled(environment):
    """Begin and end with an empty queue, and redeliver soon what fails meanwhile."""
    environment.wait_until_quiet(seconds=300)
    with visibility(environment, 3):
        yield
        drain(environment)
    environment.wait_until_quiet(seconds=300)


def drain(environment) -> None:
    """Wait until the messages that failed are done or are dead letters, and take those away."""
    environment.wait_until_quiet(seconds=300, quiet=5)
    environment.client("sqs").purge_queue(QueueUrl=environment.dlq_url)


@pytest.mark.parametrize("function", FLOWS)
def test_each_permission_of_a_function_is_used(environment, function, show):
    role = role_of(environment, getattr(environment, function))
    forget()

    FLOWS[function](environment)
    flows.start_cold(environment, getattr(environment, function), CALLS[function])
    grants = grants_of(environment, role)

    def unused() -> list[str]:
        allowed = [row for row in needed(role) if row["allowed"]]
        return [
            f"{grant.action} on {', '.join(grant.resources)}"
            for grant in grants
            if not any(grant.covers(row) for row in allowed)
        ]

    until(lambda: not unused(), lambda: f"all permissions are used: {unused()}", seconds=60, pause=0.5)
    assert [row for row in needed(role) if row["refused"]] == []
    show(f"\n  {function}: {len(grants)} permissions, all used")


@pytest.mark.parametrize("function", FLOWS)
def test_without_any_one_permission_the_function_is_refused_and_says_so(environment, function, show):
    name = getattr(environment, function)
    role, log = role_of(environment, name), flows.Log(environment, name)
    for grant in grants_of(environment, role):
        with ExitStack() as stack:
            stack.enter_context(without(environment, grant))
            forget()
            since = int(time.time() * 1000)
            FLOWS[function](environment)
            if grant.action == "logs:CreateLogStream":
                flows.start_cold(environment, f"{name}:live", CALLS[function])
            until(
                lambda grant=grant: any(row["refused"] and grant.covers(row) for row in needed(role)),
                lambda grant=grant: f"{grant.action} on {grant.resources} is refused",
                seconds=60,
                pause=0.3,
            )
            if grant.action.startswith(BY_THE_PLATFORM[function]):
                how = "by Lambda"
            elif (function, grant.action) in HAS_ANOTHER_WAY:
                how = "another way"
            else:
                how = "in its log"
                until(
                    lambda grant=grant, since=since: log.tells_of_refusal(grant.action, since),
                    f"the function's log tells of the refusal of {grant.action}",
                    seconds=30,
                    pause=0.5,
                )
        show(f"  {function:24} {grant.action:30} {how:12} {', '.join(map(_end, grant.resources))}")


def _end(arn: str) -> str:
    return arn.rpartition(":")[2]
