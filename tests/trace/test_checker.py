"""The checker takes a real trace for right in any order, and finds every error that is planted into one."""

import copy
import json
import random

import pytest

from tests.trace.checker import check
from tests.trace.lines import Trace


def findings_of(lines, rest):
    trace = Trace()
    for line in lines:
        trace.read(f"[DEBUG]\t2026-11-28T21:00:00.000Z\tid\t{as_text(line)}\n")
    return check(trace, rest)


def as_text(line):
    return json.dumps(line, separators=(",", ":"))


def commits(lines, bucket="data"):
    """Return the attempts that took place, in the order of their totals' revisions."""
    done = {line["id"] for line in lines if line["trace"] == "committed"}
    attempts = [line for line in lines if line["trace"] == "attempt" and line["bucket"] == bucket]
    return [line for line in attempts if line["id"] in done and "totals" in line and line.get("rows")]


def test_a_real_trace_is_right_in_any_order_of_its_lines(recorded):
    lines, rest = recorded
    shuffled = lines.copy()
    random.Random(7).shuffle(shuffled)

    for some in (lines, shuffled, lines + lines):
        findings = findings_of(some, rest)
        findings.demand()
        assert findings.commits > 10


def test_a_commit_whose_answer_was_lost_counts_if_a_later_line_proves_it(recorded):
    lines, rest = recorded
    done = {line["id"] for line in lines if line["trace"] == "committed"}
    lost = [line for line in lines if line["trace"] == "attempt" and line["id"] not in done]
    assert len(lost) == 1, "the recorded trace has one such attempt"

    assert findings_of(lines, rest).commits == len(done) + 1
    without = [line for line in lines if line is not lost[0]]
    assert any(
        f"revisions {lost[0]['totals'][0]} to" in each for each in findings_of(without, rest).incomplete
    )


def test_an_attempt_that_was_refused_does_not_count(recorded):
    lines, rest = recorded
    refused = copy.deepcopy(commits(lines)[3])
    refused["id"] = "refused0"
    refused["totals"][1] += 1000

    findings = findings_of([refused, *lines], rest)

    findings.demand()
    assert findings.commits == findings_of(lines, rest).commits


def test_the_second_lines_of_all_commits_may_be_missing(recorded):
    """What one line proves, another one need not say."""
    lines, rest = recorded
    first = next(line["id"] for line in lines if line["trace"] == "committed")

    for id_ in {line["id"] for line in lines if line["trace"] == "committed"} - {first}:
        left = [line for line in lines if line != {"trace": "committed", "id": id_}]
        findings = findings_of(left, rest)
        assert not findings.broken, findings.broken


def test_a_log_that_is_cut_off_lacks_lines_and_breaks_nothing(recorded):
    lines, rest = recorded
    attempt = commits(lines)[3]
    left = [line for line in lines if line["id"] != attempt["id"]]

    findings = findings_of(left, rest)

    assert findings.broken == ()
    assert findings.incomplete
    findings.demand(truncated=True)
    with pytest.raises(AssertionError, match="incomplete: data"):
        findings.demand()


def test_what_happened_before_the_first_line_is_not_asked_for(recorded):
    lines, rest = recorded
    first = lines.index(commits(lines)[2])

    findings_of(lines[first:], rest).demand()


def test_a_bucket_that_was_forgotten_and_tracked_again_is_not_taken_for_one(recorded):
    lines, rest = recorded
    again = copy.deepcopy(
        [line for line in lines if line.get("totals", [0])[0] == 1 and line["bucket"] == "data"]
    )
    for line in again:
        line["id"] = "again000"
    lines = [*lines, *again, {"trace": "committed", "id": "again000"}]

    findings = findings_of(lines, rest)

    assert findings.forgotten == ("data",)
    findings.demand(forgetting=True)
    with pytest.raises(AssertionError, match="totals of data were created again"):
        findings.demand()


PLANTED = {}


def planted(plant):
    """Name a function that plants an error into the lines."""
    PLANTED[plant.__name__.replace("_", " ")] = plant
    return plant


@planted
def a_line_is_dropped(lines):
    lines.remove(commits(lines)[2])


@planted
def both_lines_of_a_commit_are_dropped(lines):
    id_ = commits(lines)[2]["id"]
    lines[:] = [line for line in lines if line["id"] != id_]


@planted
def both_lines_of_the_last_commit_are_dropped(lines):
    id_ = commits(lines)[-1]["id"]
    lines[:] = [line for line in lines if line["id"] != id_]


@planted
def the_lines_of_a_commit_that_changed_nothing_are_dropped(lines):
    unchanged = next(
        line for line in lines if line["trace"] == "attempt" and "rows" in line and "totals" not in line
    )
    lines[:] = [line for line in lines if line["id"] != unchanged["id"]]


@planted
def a_delta_is_doubled(lines):
    line = commits(lines)[2]
    _, _, _, before, after = line["rows"][0]
    delta = (after or 0) - (before or 0)
    line["totals"][1] += delta
    line["sample"][1] += delta


@planted
def a_delta_is_doubled_from_there_on(lines):
    first, *_ = commits(lines)[2:]
    delta = first["rows"][0][4] - (first["rows"][0][3] or 0)
    for line in lines:
        if line.get("bucket") == "data" and line.get("totals", [0])[0] >= first["totals"][0]:
            line["totals"][1] += delta
            line["sample"][1] += delta


def closing(lines):
    """Return the last commit that closes an interval, which is not the first one that the trace has."""
    return [line for line in commits(lines) if "rollups" in line][-1]


@planted
def a_closed_interval_lacks_a_sample(lines):
    closing(lines)["rollups"][0][-1] -= 1


@planted
def a_closed_interval_has_another_maximum(lines):
    closing(lines)["rollups"][0][3][1] += 1


@planted
def a_closed_interval_has_no_row(lines):
    del closing(lines)["rollups"]


@planted
def an_interval_is_closed_too_early(lines):
    line = next(line for line in commits(lines)[3:] if "rollups" not in line)
    line["rollups"] = copy.deepcopy(closing(lines)["rollups"])


@planted
def a_sample_does_not_join_the_open_day(lines):
    closing(lines)["open"][2] -= 1


@planted
def unknown_intervals_are_opened_by_a_sample(lines):
    del commits(lines)[3]["open"]
    commits(lines)[3].pop("rollups", None)


@planted
def an_object_is_counted_twice(lines):
    line = next(line for line in commits(lines) if line["rows"][0][3] is None and "sample" in line)
    line["totals"][2] += 1
    line["sample"][2] += 1


@planted
def two_revisions_of_totals_are_swapped(lines):
    one, other = commits(lines)[2:4]
    one["totals"][0], other["totals"][0] = other["totals"][0], one["totals"][0]


@planted
def two_revisions_of_rows_are_swapped(lines):
    one, other = writes_of_one_key(lines)[:2]
    one[2], other[2] = other[2], one[2]


@planted
def a_row_is_written_from_an_old_revision(lines):
    first, second, *_ = writes_of_one_key(lines)
    second[1] = first[1]


@planted
def a_row_begins_with_another_size_than_the_one_before_it_left(lines):
    _, second, *_ = writes_of_one_key(lines)
    second[3], second[4] = second[3] + 1, second[4] + 1


@planted
def a_sample_is_skipped(lines):
    del next(line for line in commits(lines) if "sample" in line)["sample"]


@planted
def a_sample_is_written_while_adopting(lines):
    line = next(line for line in commits(lines) if line["totals"][-1] == "adopting")
    line["sample"] = [5, *line["totals"][1:3]]


@planted
def a_sample_shows_another_size(lines):
    commits(lines)[-1]["sample"][1] += 1


@planted
def a_sample_is_not_later(lines):
    one, other = commits(lines)[-2:]
    other["totals"][7] = other["sample"][0] = one["sample"][0]


@planted
def a_peak_is_lowered(lines):
    next(line for line in commits(lines) if "peak" in line)["peak"] -= 1


@planted
def a_peak_is_raised_twice(lines):
    peak = next(line for line in commits(lines) if "peak" in line)
    other = next(line for line in commits(lines) if "peak" not in line and "sample" in line)
    other["peak"] = peak["peak"]


@planted
def a_maximum_is_lowered(lines):
    for line in commits(lines)[-2:]:
        line["totals"][6] -= 1


@planted
def a_counter_stands_still(lines):
    commits(lines)[-1]["totals"][3] -= 1


@planted
def a_bucket_becomes_adopting_again(lines):
    line = commits(lines)[-1]
    line["totals"][-1] = "adopting"
    del line["sample"]


@planted
def totals_change_without_a_key(lines):
    del commits(lines)[-1]["rows"]


@planted
def a_change_is_left_out_of_the_totals(lines):
    line = commits(lines)[-1]
    del line["totals"], line["sample"]
    line.pop("peak", None)


@planted
def a_key_is_written_twice_in_one_commit(lines):
    line = commits(lines)[-1]
    line["rows"].append(line["rows"][0])


@planted
def a_revision_does_not_rise(lines):
    row = commits(lines)[-1]["rows"][0]
    row[2] = row[1]


@planted
def the_same_revision_is_committed_twice(lines):
    again = {**copy.deepcopy(commits(lines)[-1]), "id": "again000"}
    lines += [again, {"trace": "committed", "id": "again000"}]


@planted
def totals_do_not_begin_empty(lines):
    created = next(line for line in lines if line.get("totals", [0])[0] == 1)
    created["totals"][1] = 1


@planted
def a_run_is_written_twice(lines):
    ended = [line for line in lines if "run" in line and line["bucket"] == "data"]
    again = {"trace": "attempt", "id": "run00000", "bucket": "data", "run": ended[0]["run"]}
    lines += [again, {"trace": "committed", "id": "run00000"}]


def writes_of_one_key(lines):
    """Return the row writes of a key that was written at least three times, first to last."""
    rows = [row for line in commits(lines) for row in line["rows"]]
    digest = next(row[0] for row in rows if sum(other[0] == row[0] for other in rows) >= 3)
    return [row for row in rows if row[0] == digest]


@pytest.mark.parametrize("plant", PLANTED.values(), ids=PLANTED)
def test_a_planted_error_is_found(recorded, plant):
    lines, rest = recorded
    wrong = copy.deepcopy(lines)

    plant(wrong)

    with pytest.raises(AssertionError, match="findings in the trace"):
        findings_of(wrong, rest).demand()


def test_a_peak_that_was_not_raised_is_found(recorded):
    lines, rest = recorded
    lower = type(rest)(rest.totals, rest.peak - 1)

    assert "the peak is not below any sample" in findings_of(lines, lower).broken[0]


def test_an_acknowledged_commit_that_the_ledger_does_not_have_is_found(recorded):
    lines, rest = recorded
    last = rest.totals["data"]
    older = type(rest)({**rest.totals, "data": last._replace(revision=last.revision - 1)}, rest.peak)

    assert "the Ledger has the last totals" in findings_of(lines, older).broken[0]
