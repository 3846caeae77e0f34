"""The time budgets add up, the code and the templates use them, and docs/budgets.md shows them."""

import pytest

from infra_cdk.lambda_stack import DRIVER as DRIVER_LIMITS
from infra_cdk.lambda_stack import PLOTTING as PLOTTING_LIMITS
from infra_cdk.lambda_stack import TRACKING as TRACKING_LIMITS
from infra_cdk.lambda_stack import VISIBILITY
from plotting.hierarchy import MAX_POINTS
from plotting.ranges import MAX_SAMPLES
from size_history import budgets
from size_history.budgets import DRIVER, PLOTTING, TRACKER
from tests.docs.budgets import FUNCTIONS, PAGE, page

ROW_SECONDS = 200e-6
"""What reading one row takes of a whole processor: a rollup this (measured), a sample less than a third."""
VCPU_MIB = 1769
"""Memory with which a function gets one whole processor (AWS's documentation)."""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_request_that_begins_at_the_last_moment_ends_in_time_for_the_answer(name):
    function = FUNCTIONS[name]
    last = function.timeout_seconds - function.reserve_seconds

    for client in function.clients.values():
        pauses = [client.back_off_seconds * 2**number for number in range(client.attempts - 1)]
        attempt = client.connect_seconds + client.read_seconds
        afterwards = sum(each.connect_seconds + each.read_seconds for each in function.afterwards.values())
        assert all(each.attempts == 1 for each in function.afterwards.values())
        ends = last + attempt + max(pauses, default=0) + afterwards + function.finish_seconds
        assert ends <= function.timeout_seconds
    assert function.finish_seconds >= 1


@pytest.mark.parametrize("name", FUNCTIONS)
def test_one_request_that_hangs_leaves_time_for_others(name):
    """Otherwise each hanging request would be a failed invocation, and a third attempt would never be made."""
    function = FUNCTIONS[name]

    assert max(client.longest_seconds for client in function.clients.values()) < function.working_seconds


def test_who_is_waited_for_answers_before_who_waits_gives_up():
    api = DRIVER.afterwards["api"]

    assert PLOTTING.timeout_seconds < budgets.GATEWAY_SECONDS < api.read_seconds
    assert api.attempts == 1  # each attempt draws and stores the plot again
    assert budgets.VISIBILITY_TIMEOUTS * TRACKER.timeout_seconds >= 6 * TRACKER.timeout_seconds
    assert budgets.MAX_RECEIVES >= 5


def test_the_templates_have_these_times():
    limits = (TRACKING_LIMITS, PLOTTING_LIMITS, DRIVER_LIMITS)

    for function, limit in zip((TRACKER, PLOTTING, DRIVER), limits, strict=True):
        assert limit.timeout_seconds == function.timeout_seconds
    assert VISIBILITY.to_seconds() == budgets.VISIBILITY_TIMEOUTS * TRACKER.timeout_seconds


def test_the_largest_range_is_read_before_the_reserve():
    """Samples at both ends, and as many intervals as ten years have days, or as a finer unit may have."""
    rows = 2 * MAX_SAMPLES + max(MAX_POINTS, 3653) + 164
    seconds = rows * ROW_SECONDS * VCPU_MIB / PLOTTING_LIMITS.memory_mib

    assert seconds < PLOTTING.working_seconds


def test_the_pauses_of_a_batch_of_reads_are_shorter_than_what_the_reserve_has_room_for():
    pauses = [budgets.FIRST_READ_PAUSE_SECONDS * 2**number for number in range(budgets.MAX_READS - 1)]

    for function in FUNCTIONS.values():
        assert max(pauses) <= function.clients["dynamodb"].tail_seconds
    assert sum(pauses) < 3


def test_a_step_heals_even_if_the_listing_of_another_bucket_in_its_batch_hangs():
    hangs = TRACKER.clients["s3"].longest_seconds

    assert hangs < TRACKER.working_seconds - budgets.LANDING_SECONDS


def test_a_shrunk_budget_has_the_same_proportions():
    small = DRIVER.shrunk(10)

    assert small.reserve_seconds == pytest.approx(DRIVER.reserve_seconds / 10)
    assert small.timeout_seconds == 30
    assert small.clients["s3"].attempts == DRIVER.clients["s3"].attempts


def test_the_page_shows_the_budgets_as_they_are():
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tests.docs.budgets writes it anew"
