"""docs/scale.md is up to date, and its arithmetic is right."""

import dataclasses

import pytest

from infra_cdk.settings import QUEUE_PROFILES
from size_history.items import number, text
from tests.bench import facts, report, scale
from tests.bench.adoption import Adoption
from tests.bench.item_size import item_bytes, write_units


def test_the_page_is_what_its_script_makes_of_todays_constants():
    made = scale.page(report.BENCHMARKS.read_text())

    assert scale.PAGE.read_text() == made, "docs/scale.md is stale: run `python -m tests.bench.scale`"


def test_a_changed_constant_changes_the_page(monkeypatch):
    before = scale.page("")

    monkeypatch.setattr(facts, "PARTITION_WRITES", dataclasses.replace(facts.PARTITION_WRITES, value=2000))

    assert scale.page("") != before


def test_the_page_quotes_the_measured_contention():
    benchmarks = report.replaced("# B\n", "contention", "## Contention\n\n| trackers |\n|---|\n| 8 |")

    assert "## Conflicts at the totals, measured\n\n| trackers |\n|---|\n| 8 |\n" in scale.page(benchmarks)


@pytest.mark.parametrize("name", QUEUE_PROFILES)
def test_no_profile_commits_faster_than_its_totals_allow(name):
    profile = dataclasses.replace(QUEUE_PROFILES[name], concurrency=1000)

    assert scale.keys_per_second(profile) == pytest.approx(profile.batch_size / 0.025)


def test_an_item_is_as_large_as_its_names_and_values():
    item = {"pk": text("ü"), "n": number(12345), "l": {"L": [text("ab"), text("c")]}}

    assert item_bytes(item) == (2 + 2) + (1 + 4) + (1 + 3 + 1 + 2 + 1 + 1)
    assert write_units({"a": text("x" * 1023)}, 2) == 2
    assert write_units({"a": text("x" * 1024)}, 2) == 4


def test_a_chunk_takes_its_reads_heads_commit_and_processor_time():
    assert facts.waiting_seconds(16) == pytest.approx(0.005 * 2 + 0.025 + 0.020)
    assert facts.waiting_seconds(48) == pytest.approx(0.005 * 2 + 0.075 + 0.020)
    assert facts.cpu_seconds(10, 10_000) == pytest.approx(facts.cpu_seconds(10, 1769))
    assert facts.cpu_seconds(10, 1769 / 2) == pytest.approx(2 * facts.cpu_seconds(10, 1769))


def test_adopting_costs_a_head_and_a_transactional_write_a_key():
    bill = Adoption(1_000_000, 512).dollars()

    chunks = 1000 * 11
    assert bill["S3"] == pytest.approx(0.4 + 0.005)
    assert bill["DynamoDB"] == pytest.approx(
        0.625e-6 * (2_000_000 + 4 * chunks + 2000) + 0.125e-6 * (1_000_000 + 2 * chunks + 17_000)
    )
