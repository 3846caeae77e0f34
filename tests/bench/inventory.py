"""The parts of a deployment to prod that AWS bills by the month, counted from its synthesized templates."""

import json
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra_cdk.app import build
from tests.bench import facts
from tidemark.local.deployment.templates import stacks_of

TARGET = "prod"
_DAYS_OF_MONTH = facts.MONTH_DAYS.value


@dataclass(frozen=True)
class Inventory:
    """The number of each thing that costs by the month. The copies are those of each table that its plan keeps."""

    alarms: int
    dashboards: int
    keys: int
    event_sources: int
    repositories: int
    history_copies: float
    ledger_copies: float


def of_prod() -> Inventory:
    """Synthesize prod and count."""
    with tempfile.TemporaryDirectory(prefix="tidemark-synth-") as directory:
        build({"target": TARGET}, outdir=directory).synth()
        return counted([json.loads(template.body) for template in stacks_of(Path(directory))])


def counted(templates: list[dict[str, Any]]) -> Inventory:
    """Count what templates declare."""
    resources = [resource for template in templates for resource in template["Resources"].values()]
    kinds = Counter(resource["Type"] for resource in resources)
    return Inventory(
        alarms=sum(_alarm_metrics(resource) for resource in resources),
        dashboards=kinds["AWS::CloudWatch::Dashboard"],
        keys=kinds["AWS::KMS::Key"],
        event_sources=kinds["AWS::Lambda::EventSourceMapping"],
        repositories=kinds["AWS::ECR::Repository"],
        history_copies=sum(_copies_of("HistoryTableName", template) for template in templates),
        ledger_copies=sum(_copies_of("LedgerTableName", template) for template in templates),
    )


def _alarm_metrics(resource: Mapping[str, Any]) -> int:
    """Return the number of metrics that an alarm is billed for: all that its expression reads, or its only one."""
    if resource["Type"] != "AWS::CloudWatch::Alarm":
        return 0
    read = [metric for metric in resource["Properties"].get("Metrics", []) if "MetricStat" in metric]
    return len(read) or 1


def _copies_of(table: str, template: Mapping[str, Any]) -> float:
    """Return how many copies of a table (the parameter with its name) the plans of a template keep."""
    resources = template["Resources"]
    plans = [
        resource["Properties"]["BackupPlanId"]["Fn::GetAtt"][0]
        for resource in resources.values()
        if resource["Type"] == "AWS::Backup::BackupSelection" and f"'{table}'" in str(resource)
    ]
    return sum(
        _copies(rule)
        for plan in plans
        for rule in resources[plan]["Properties"]["BackupPlan"]["BackupPlanRule"]
    )


def _copies(rule: Mapping[str, Any]) -> float:
    """Return how many copies a rule keeps. Raises ValueError if the schedule is neither daily nor monthly."""
    schedule = rule["ScheduleExpression"]
    if not schedule.startswith("cron("):
        raise ValueError(f"a backup's schedule is a cron expression here, not {schedule}")
    _, _, day, month, weekday, _ = schedule.removeprefix("cron(").removesuffix(")").split()
    if month != "*" or weekday not in {"?", "*"}:
        raise ValueError(f"a backup is daily or monthly here, not {schedule}")
    every_days = 1 if day in {"*", "?"} else _DAYS_OF_MONTH
    return float(rule["Lifecycle"]["DeleteAfterDays"] / every_days)
