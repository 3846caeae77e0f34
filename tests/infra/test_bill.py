"""The bill in docs/aws.md is counted from today's templates, and its arithmetic is right."""

import dataclasses
import json
import re

import pytest

from tests.bench import facts, inventory, prices, report, standing
from tests.bench.inventory import Inventory, counted

NOTHING = Inventory(
    alarms=0, dashboards=0, keys=0, event_sources=0, repositories=0, history_copies=0, ledger_copies=0
)


@pytest.fixture(scope="module")
def prod():
    return inventory.of_prod()


def test_the_page_shows_the_bill_of_todays_templates_and_constants(prod):
    written = report.section_of(standing.PAGE.read_text("utf-8"), standing.SECTION)

    assert written == standing.section(prod).strip(), (
        "docs/aws.md is stale: run .venv/bin/python -m tests.bench.standing"
    )


def test_everything_that_costs_by_the_month_was_found(prod):
    assert min(prod.alarms, prod.dashboards, prod.keys, prod.event_sources) >= 1
    assert (prod.history_copies, prod.ledger_copies) == (pytest.approx(47), 7)
    assert prod.repositories == 3


def test_every_metric_of_ours_that_is_watched_is_in_the_bill(synth):
    observability = synth(target="prod")["ObservabilityStack"]
    searched = re.findall(
        r'MetricName=\\*"(\w+)', json.dumps(observability.all("AWS::CloudWatch::Dashboard"))
    )
    alarmed = [
        alarm["MetricName"]
        for alarm in observability.all("AWS::CloudWatch::Alarm")
        if alarm.get("Namespace") == "Tidemark"
    ]

    billed = {
        *standing.CHANGE_METRICS,
        *standing.RECONCILE_METRICS,
        *standing.RECONCILE_METRICS_OF_ALL,
        *standing.WATCH_METRICS,
        *standing.ANSWER_METRICS,
    }

    assert searched
    assert {*searched, *alarmed} <= billed


def resource(kind, **properties):
    return {"Type": kind, "Properties": properties}


def backed_up(table, schedule, days):
    """Return the resources of a template that has a table copied."""
    rule = {"ScheduleExpression": schedule, "Lifecycle": {"DeleteAfterDays": days}}
    selection = {"Resources": [{"Ref": table}]}
    return {
        f"plan of {table}": resource("AWS::Backup::BackupPlan", BackupPlan={"BackupPlanRule": [rule]}),
        table: resource(
            "AWS::Backup::BackupSelection",
            BackupPlanId={"Fn::GetAtt": [f"plan of {table}", "BackupPlanId"]},
            BackupSelection=selection,
        ),
    }


def test_an_alarm_costs_as_much_as_the_metrics_that_it_reads():
    stat = {"MetricStat": {}}
    template = {
        "Resources": {
            "one": resource("AWS::CloudWatch::Alarm", MetricName="Errors"),
            "ratio": resource("AWS::CloudWatch::Alarm", Metrics=[{"Expression": "a/b"}, stat, stat]),
            "other": resource("AWS::SNS::Topic"),
        }
    }

    assert counted([template, {"Resources": {}}]).alarms == 3


@pytest.mark.parametrize(
    ("schedule", "days", "copies"),
    [("cron(0 3 * * ? *)", 35, 35), ("cron(0 3 1 * ? *)", 365, 12)],
    ids=["daily", "monthly"],
)
def test_a_backup_plan_keeps_as_many_copies_as_fit_before_the_first_goes(schedule, days, copies):
    resources = backed_up("HistoryTableName", schedule, days) | backed_up(
        "LedgerTableName", "cron(0 3 * * ? *)", 9
    )

    found = counted([{"Resources": resources}])

    assert (found.history_copies, found.ledger_copies) == (pytest.approx(copies), 9)


@pytest.mark.parametrize("schedule", ["rate(1 day)", "cron(0 3 ? * MON *)"])
def test_a_schedule_that_is_neither_daily_nor_monthly_is_refused(schedule):
    with pytest.raises(ValueError, match="not"):
        counted([{"Resources": backed_up("HistoryTableName", schedule, 7)}])


def test_an_idle_month_is_the_sum_of_what_stands_there():
    found = dataclasses.replace(NOTHING, alarms=10, dashboards=1, keys=1, event_sources=1, repositories=3)

    dollars = {line.what: line.dollars for line in standing.idle(found)}

    assert dollars["10 alarms"] == pytest.approx(1.0)
    assert dollars["1 dashboard"] == pytest.approx(3.0)
    assert dollars["657,000 polls of the empty queue"] == pytest.approx(0.2628)
    assert dollars["metrics of the daily reconcile, one hour per day"] == pytest.approx(8 * 0.3 / 24)
    assert dollars["2 metrics of the watch, of one bucket"] == pytest.approx(0.6)
    checks = dollars["8,760 checks whether its events arrive"]
    assert checks == pytest.approx(8760 * (0.0000091 + 0.2 * 0.0000166667), rel=0.2)
    assert sum(line.dollars for line in standing.idle(NOTHING)) < 0.9


def test_a_million_events_one_by_one_cost_nine_write_units_each():
    bill = standing.events(1)

    # In a transaction at two units each: the row, its prefix, totals, sample; and the sample's index entry.
    assert bill["DynamoDB"] == pytest.approx(9 * 0.625 + 3 * 0.125)
    assert bill["SQS"] == pytest.approx(1.2)
    assert bill["S3"] == pytest.approx(0.4)


def test_what_stays_is_billed_in_table_index_recovery_and_every_copy():
    found = dataclasses.replace(NOTHING, history_copies=47, ledger_copies=7)

    gigabytes, bill = standing.kept(1, found)

    assert gigabytes * prices.DYNAMODB_GB_MONTH.dollars == pytest.approx(bill["storage"])
    assert bill["point-in-time recovery"] == pytest.approx(gigabytes / 2 * 0.20)
    assert bill["backups"] == pytest.approx(gigabytes / 2 * 47 * 0.10)
    gigabytes, bill = standing.rows(1_000_000, found)
    assert bill["backups"] == pytest.approx(gigabytes * 7 * 0.10)


def test_larger_batches_cost_less():
    one, ten, most = (standing.events(batch) for batch in standing.BATCHES)

    assert sum(one.values()) > sum(ten.values()) > sum(most.values())
    assert one["CloudWatch Logs"] == pytest.approx(10 * ten["CloudWatch Logs"])


def test_a_changed_constant_changes_the_page(monkeypatch, prod):
    before = standing.section(prod)

    monkeypatch.setattr(facts, "POLLERS", facts.Fact("polls", 10, "polls", "test"))

    assert standing.section(prod) != before
