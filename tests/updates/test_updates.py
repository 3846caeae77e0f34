"""What stack updates do: executed on MiniStack with today's templates and with those of version 0.1, as docs/substrates.md says."""

from pathlib import Path

import pytest

from tests.bench import report
from tests.updates import version_0_1
from tests.updates.cases import CASES, run
from tests.updates.templates import UNKNOWN

PAGE = (Path(__file__).parents[2] / "docs" / "substrates.md").read_text("utf-8")
ROWS = {
    cells[0].strip("`"): cells[2:]
    for line in (report.section_of(PAGE, "updates") or "").splitlines()[2:]
    if (cells := [cell.strip() for cell in line.strip("|").split("|")])
}
FAST = ("nothing", "new_digest", "failing_update", "same_commit_again", "name_behind_a_parameter")
"""They need two variants. Each variant takes seconds to synthesize."""


def slow_unless(fast, names):
    return [pytest.param(name, marks=[] if name in fast else pytest.mark.long) for name in names]


def test_the_page_has_a_row_for_every_case():
    assert list(ROWS) == list(CASES)


def test_the_page_lists_every_type_that_is_left_out():
    assert all(f"`{kind}`" in PAGE for kind in UNKNOWN)


@pytest.mark.parametrize("name", slow_unless(FAST, CASES))
def test_an_update_does_what_the_page_says(name, deployment, today):
    case = CASES[name]

    happened = run(deployment, case, today, version_0_1.recorded if case.upgrade else today)

    assert happened == ROWS[name][0], f"the page does not say: {happened}"


@pytest.mark.parametrize(
    "name", slow_unless(["same_commit_again"], [name for name, case in CASES.items() if not case.upgrade])
)
def test_an_update_of_version_0_1_did_what_the_page_says(name, deployment):
    happened = run(deployment, CASES[name], version_0_1.recorded, version_0_1.recorded)

    assert happened == ROWS[name][1], f"the page does not say: {happened}"


@pytest.mark.long
def test_the_recorded_templates_are_those_of_version_0_1(tmp_path):
    if not version_0_1.is_known():
        pytest.skip("this clone lacks the history of version 0.1")

    record = version_0_1.record_of(version_0_1.synthesized(tmp_path))

    assert record == version_0_1.record()
