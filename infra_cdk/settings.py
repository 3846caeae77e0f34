"""The settings of a deployment: a default per target, and the changes that the CDK context makes.

The context is the one in `cdk.json`, with `-c key=value` on top of it. In `cdk.json`, an object under a target's name
holds settings of that target only. This module does not import the CDK, and it uses no network and no account.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from size_history.keys import VALID_BUCKET_NAME

HERE = Path(__file__).resolve().parent
LOCAL_ENDPOINT = "http://127.0.0.1:4566"
ENDPOINT_PARAMETER = "Endpoint"
"""The name of the local templates' parameter for the endpoint. The same templates serve every port."""
MAX_TRACKED_BUCKETS = 20
"""Each takes room in the tracker's role, whose inline policies hold 10,240 characters (an AWS limit), and three alarms."""
MAX_TRACKED_CHARACTERS = 1800
"""Maximum length of the names as a JSON list. A rule's pattern, which holds that list, takes 2,048 (an AWS limit)."""
MAX_WATCH_MINUTES = 5
"""Readers are told within five minutes that a bucket's events do not arrive."""

MIN_RETENTION_DAYS = 7
"""The daily check of rollups needs the samples of two days, and two more as a margin."""
MAX_RETENTION_DAYS = 36_500

_ORIGIN = re.compile(r"\*|https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?")
_EMAIL = re.compile(r"[^\s@,]+@[^\s@,]+\.[^\s@,]+")
_CONNECTION = re.compile(
    r"arn:aws[a-z-]*:(?:codeconnections|codestar-connections):[a-z0-9-]+:\d{12}:connection/[0-9a-f-]+"
)
_REPOSITORY = re.compile(r"[\w.-]+(?:/[\w.-]+)+")
_BRANCH = re.compile(r"(?!-)[\w./-]+")
_EXBIBYTE_IN_GIB = 2**30


class SettingsError(ValueError):
    """An unknown setting or a value that does not fit; the message is one line for the user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueProfile:
    """How the queue feeds the tracker: messages per batch, seconds to wait for a full batch, batches at a time.

    AWS requires a window of at least 1 s for batches above 10.
    """

    batch_size: int
    window_seconds: int
    concurrency: int


QUEUE_PROFILES = {
    "default": QueueProfile(batch_size=10, window_seconds=0, concurrency=2),
    "high-volume": QueueProfile(batch_size=48, window_seconds=1, concurrency=2),
}
"""The default is the fastest. High-volume costs the least per event and adds its window to every event's delay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One deployment.

    `endpoint` is the LocalStack that a local target is deployed to; it is None on AWS. `ephemeral` data is deleted with
    its stack. With `termination_protection`, the stack of the data is not deleted until that is switched off. The driver makes at most one change per `driver_pause_seconds`. Browsers let pages of `cors_origin` read
    the API's answers; None is the API's own origin. `tracked_buckets` are existing buckets that are tracked beside the
    data bucket. Every `watch_minutes`, the tracker checks whether the events of tracked buckets arrive. Samples are kept
    for `sample_retention_days` (0: forever); rollups and maxima are always kept. `alarm_emails`
    receive the alarms, one of which is a bucket larger than `bucket_threshold_gib` (GiB). With `connection_arn` (of a
    CodeConnections connection), a pipeline delivers `source_branch` of `source_repository` (`owner/name`).
    """

    target: str
    endpoint: str | None = None
    ephemeral: bool = False
    termination_protection: bool = False
    architecture: str = "x86_64"
    queue: QueueProfile = QUEUE_PROFILES["default"]
    driver_pause_seconds: int = 2
    cors_origin: str | None = "*"
    tracked_buckets: tuple[str, ...] = ()
    watch_minutes: int = MAX_WATCH_MINUTES
    sample_retention_days: int = 0
    alarm_emails: tuple[str, ...] = ()
    bucket_threshold_gib: int = 1024
    connection_arn: str | None = None
    source_repository: str | None = None
    source_branch: str = "main"

    @property
    def emulated(self) -> bool:
        """Whether this deployment goes to LocalStack."""
        return self.endpoint is not None

    @property
    def backed_up(self) -> bool:
        """Whether the tables are backed up. Ephemeral data is not."""
        return not self.emulated and not self.ephemeral


TARGETS = {
    "prod": Settings(target="prod", termination_protection=True),
    "dev": Settings(target="dev"),
    "local": Settings(
        target="local",
        endpoint=LOCAL_ENDPOINT,
        ephemeral=True,
        driver_pause_seconds=1,
        # The local API asks for no signature, so any page that a developer has open could read it.
        cors_origin=None,
        watch_minutes=1,
    ),
}
DEFAULT_TARGET = "prod"


def context_of(directory: Path = HERE) -> dict[str, Any]:
    """Return the context in a directory's `cdk.json`, which otherwise only the CDK's command line reads."""
    context: dict[str, Any] = json.loads((directory / "cdk.json").read_text(encoding="utf-8"))["context"]
    return context


def settings_from(context: Mapping[str, Any]) -> Settings:
    """Return the settings that the CDK context selects with `target` and changes with the keys of `SETTINGS`.

    Raises SettingsError, naming the key, for an unknown target, an unknown key (in any target's object) or a value that
    does not fit. Keys of the CDK itself are ignored.
    """
    ours = {key: value for key, value in context.items() if not _belongs_to_cdk(key)}
    target = ours.pop("target", DEFAULT_TARGET)
    if target not in TARGETS:
        raise SettingsError(f"unknown target '{target}': it is one of {', '.join(TARGETS)}")
    changed = {name: _changed(TARGETS[name], _section(name, ours.pop(name, {}))) for name in TARGETS}
    settings = _changed(changed[target], ours)
    if settings.connection_arn and not settings.source_repository:
        raise SettingsError("setting 'connectionArn' needs 'sourceRepository', such as owner/name")
    return settings


def _section(target: str, section: Any) -> Mapping[str, Any]:
    if not isinstance(section, Mapping):
        raise SettingsError(f"'{target}' holds this target's settings, as an object, not '{section}'")
    return section


def _changed(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    for key, value in changes.items():
        if key not in SETTINGS:
            raise SettingsError(f"unknown setting '{key}': there are target, {', '.join(SETTINGS)}")
        if key == "endpoint" and not settings.emulated:
            raise SettingsError(
                f"setting 'endpoint' is for the target local; '{settings.target}' goes to AWS"
            )
        if key == "connectionArn" and settings.emulated:
            raise SettingsError(f"setting 'connectionArn' is for AWS; '{settings.target}' goes to LocalStack")
        field, parse = SETTINGS[key]
        settings = replace(settings, **{field: parse(key, value)})
    return settings


def _belongs_to_cdk(key: str) -> bool:
    # Feature flags, what the CLI adds, what look-ups cache, and which of the CLI's notices were read.
    return key.startswith("@") or ":" in key or key in {"acknowledged-issue-numbers", "cli-telemetry"}


Parser = Callable[[str, Any], Any]
"""Returns the value of a key for Settings. Raises SettingsError if the value does not fit."""


def _one_of(values: Mapping[str, Any]) -> Parser:
    def parse(key: str, value: Any) -> Any:
        if str(value) not in values:
            raise SettingsError(f"setting '{key}' is one of {', '.join(values)}, not '{value}'")
        return values[str(value)]

    return parse


def _whole_number(minimum: int, maximum: int, expected: str) -> Parser:
    def parse(key: str, value: Any) -> int:
        if not str(value).isdecimal() or not minimum <= int(value) <= maximum:
            raise SettingsError(f"setting '{key}' is {expected}, not '{value}'")
        return int(value)

    return parse


def _text(pattern: re.Pattern[str], expected: str) -> Parser:
    def parse(key: str, value: Any) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise SettingsError(f"setting '{key}' is {expected}, not '{value}'")
        return value

    return parse


def _texts(pattern: re.Pattern[str], expected: str) -> Parser:
    """Return a parser for a list or a comma-separated text. It keeps the order and drops repetitions."""

    def parse(key: str, value: Any) -> tuple[str, ...]:
        if not isinstance(value, str | list | tuple):
            raise SettingsError(f"setting '{key}' is a list or a comma-separated text, not '{value}'")
        parts = (
            [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        )
        for part in parts:
            if not isinstance(part, str) or not pattern.fullmatch(part):
                raise SettingsError(f"setting '{key}' holds '{part}', which is not {expected}")
        return tuple(dict.fromkeys(parts))

    return parse


def _boolean(key: str, value: Any) -> bool:
    text = str(value).lower()
    if text not in {"true", "false"}:
        raise SettingsError(f"setting '{key}' is true or false, not '{value}'")
    return text == "true"


def _endpoint(key: str, value: Any) -> str:
    parts = urlsplit(str(value))
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
        raise SettingsError(f"setting '{key}' is a URL like {LOCAL_ENDPOINT}, not '{value}'")
    return str(value).rstrip("/")


def _bucket_names(key: str, value: Any) -> tuple[str, ...]:
    names: tuple[str, ...] = _texts(VALID_BUCKET_NAME, "the name of an S3 bucket")(key, value)
    if len(names) > MAX_TRACKED_BUCKETS:
        problem = f"names {len(names)} buckets and can hold {MAX_TRACKED_BUCKETS}"
    elif (characters := len(json.dumps(names))) > MAX_TRACKED_CHARACTERS:
        problem = f"takes {characters} characters and can hold {MAX_TRACKED_CHARACTERS}"
    else:
        return names
    raise SettingsError(f"setting '{key}' {problem}: add the others with make track")


SETTINGS: Mapping[str, tuple[str, Parser]] = {
    "ephemeral": ("ephemeral", _boolean),
    "endpoint": ("endpoint", _endpoint),
    "architecture": ("architecture", _one_of({"x86_64": "x86_64", "arm64": "arm64"})),
    "queueProfile": ("queue", _one_of(QUEUE_PROFILES)),
    "driverPauseSeconds": ("driver_pause_seconds", _whole_number(0, 15, "whole seconds from 0 to 15")),
    "corsOrigin": ("cors_origin", _text(_ORIGIN, "* or an origin like https://example.org")),
    "trackedBuckets": ("tracked_buckets", _bucket_names),
    "watchMinutes": (
        "watch_minutes",
        _whole_number(1, MAX_WATCH_MINUTES, f"whole minutes from 1 to {MAX_WATCH_MINUTES}"),
    ),
    "sampleRetentionDays": (
        "sample_retention_days",
        _whole_number(MIN_RETENTION_DAYS, MAX_RETENTION_DAYS, f"whole days from {MIN_RETENTION_DAYS} on"),
    ),
    "alarmEmails": ("alarm_emails", _texts(_EMAIL, "an e-mail address")),
    "bucketThresholdGiB": (
        "bucket_threshold_gib",
        _whole_number(1, _EXBIBYTE_IN_GIB, "whole GiB from 1 on"),
    ),
    "connectionArn": ("connection_arn", _text(_CONNECTION, "the ARN of a CodeConnections connection")),
    "sourceRepository": ("source_repository", _text(_REPOSITORY, "a repository like owner/name")),
    "sourceBranch": ("source_branch", _text(_BRANCH, "the name of a branch")),
}
"""The keys that the context may set: the field of Settings and the parser of the value."""
