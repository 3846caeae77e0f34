"""What differs between deployments: one frozen value per target, and what the context may change in it.

The context is `cdk.json`, where an object under a target's name holds that target's settings, and `-c key=value` on
top of it. Nothing here knows the CDK, and reading settings touches no network and no account.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
LOCAL_ENDPOINT = "http://127.0.0.1:4566"
ENDPOINT_PARAMETER = "Endpoint"
"""The local templates' parameter for the endpoint: the same templates serve whichever port is free."""


MOST_TRACKED_BUCKETS = 20
"""More would break limits of AWS's: 20 statements in a queue's policy, 2,048 characters in a rule's pattern."""

_BUCKET_NAME = re.compile(r"(?!xn--|sthree-)[a-z0-9](?:[a-z0-9]|[.-](?=[a-z0-9-])){1,61}[a-z0-9]")
"""S3's rules for the names of general purpose buckets."""
_EMAIL = re.compile(r"[^\s@,]+@[^\s@,]+\.[^\s@,]+")
_CONNECTION = re.compile(
    r"arn:aws[a-z-]*:(?:codeconnections|codestar-connections):[a-z0-9-]+:\d{12}:connection/[0-9a-f-]+"
)
_REPOSITORY = re.compile(r"[\w.-]+(?:/[\w.-]+)+")
_BRANCH = re.compile(r"(?!-)[\w./-]+")
_EXBIBYTE_IN_GIB = 2**30


class SettingsError(ValueError):
    """A setting that does not exist or a value that it cannot have; the message is one line for the user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueProfile:
    """How the tracker is fed: messages per batch, seconds to wait for more of them, batches at a time.

    AWS demands a window of at least 1 s for batches above 10.
    """

    batch_size: int
    window_seconds: int
    concurrency: int


QUEUE_PROFILES = {
    "default": QueueProfile(batch_size=10, window_seconds=0, concurrency=2),
    "high-volume": QueueProfile(batch_size=48, window_seconds=1, concurrency=2),
}
"""The default answers soonest; high-volume costs least per event, and adds its window to every event's delay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One deployment: where it goes, whether its data outlives it, how its functions run, and what it watches.

    `endpoint` is the LocalStack that a local target is deployed to, and None on AWS. `ephemeral` data is
    destroyed with its stack. `driver_pause_seconds` is the least time between two of the driver's changes. Pages of
    `cors_origin` may read the API's answers in a browser; a signature is wanted of any.
    `tracked_buckets` are names of buckets, made by somebody else, that are tracked beside the data bucket.
    `alarm_emails` are told of alarms; a bucket above `bucket_threshold_gib` (GiB) is one.
    With `connection_arn`, of a CodeConnections connection, a pipeline delivers `source_branch` of the repository
    `source_repository` (`owner/name`).
    """

    target: str
    endpoint: str | None = None
    ephemeral: bool = False
    architecture: str = "x86_64"
    queue: QueueProfile = QUEUE_PROFILES["default"]
    driver_pause_seconds: int = 2
    cors_origin: str = "*"
    tracked_buckets: tuple[str, ...] = ()
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
        """Whether this deployment's tables are backed up: a demonstration's are not."""
        return not self.emulated and not self.ephemeral


TARGETS = {
    "prod": Settings(target="prod"),
    "dev": Settings(target="dev"),
    "local": Settings(target="local", endpoint=LOCAL_ENDPOINT, ephemeral=True, driver_pause_seconds=1),
}
DEFAULT_TARGET = "prod"


def context_of(directory: Path = HERE) -> dict[str, Any]:
    """Return the context in a directory's `cdk.json`, which otherwise only the CDK's command line reads."""
    context: dict[str, Any] = json.loads((directory / "cdk.json").read_text(encoding="utf-8"))["context"]
    return context


def settings_from(context: Mapping[str, Any]) -> Settings:
    """Return the settings that the CDK context selects and changes.

    `target` selects; every key of `CHANGES` changes one value. An object under the target's name holds such keys for
    this target alone, and what stands outside of it comes on top. Raises SettingsError, naming the key, for an
    unknown target, an unknown key (in any target's object) or a value that does not fit. Keys of the CDK itself are
    left to the CDK.
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
        if key not in CHANGES:
            raise SettingsError(f"unknown setting '{key}': there are target, {', '.join(CHANGES)}")
        settings = CHANGES[key](settings, value)
    return settings


def _belongs_to_cdk(key: str) -> bool:
    # Feature flags, what the CLI adds, what look-ups cache, and which of the CLI's notices were read.
    return key.startswith("@") or ":" in key or key in {"acknowledged-issue-numbers", "cli-telemetry"}


def _ephemeral(settings: Settings, value: Any) -> Settings:
    text = str(value).lower()
    if text not in {"true", "false"}:
        raise SettingsError(f"setting 'ephemeral' is true or false, not '{value}'")
    return replace(settings, ephemeral=text == "true")


def _endpoint(settings: Settings, value: Any) -> Settings:
    if not settings.emulated:
        raise SettingsError(f"setting 'endpoint' is for the target local; '{settings.target}' goes to AWS")
    parts = urlsplit(str(value))
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
        raise SettingsError(f"setting 'endpoint' is a URL like {LOCAL_ENDPOINT}, not '{value}'")
    return replace(settings, endpoint=str(value).rstrip("/"))


def _architecture(settings: Settings, value: Any) -> Settings:
    return replace(settings, architecture=_one_of("architecture", value, ("x86_64", "arm64")))


def _queue_profile(settings: Settings, value: Any) -> Settings:
    return replace(settings, queue=QUEUE_PROFILES[_one_of("queueProfile", value, tuple(QUEUE_PROFILES))])


def _driver_pause(settings: Settings, value: Any) -> Settings:
    if not str(value).isdecimal() or not 0 <= int(value) <= 15:
        raise SettingsError(f"setting 'driverPauseSeconds' is whole seconds from 0 to 15, not '{value}'")
    return replace(settings, driver_pause_seconds=int(value))


def _cors_origin(settings: Settings, value: Any) -> Settings:
    if not re.fullmatch(r"\*|https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?", str(value)):
        raise SettingsError(f"setting 'corsOrigin' is * or an origin like https://example.org, not '{value}'")
    return replace(settings, cors_origin=str(value))


def _tracked_buckets(settings: Settings, value: Any) -> Settings:
    names = _several("trackedBuckets", value, _BUCKET_NAME, "the name of an S3 bucket")
    if len(names) > MOST_TRACKED_BUCKETS:
        raise SettingsError(
            f"setting 'trackedBuckets' names {len(names)} buckets and can hold {MOST_TRACKED_BUCKETS}: "
            "add the others with make track"
        )
    return replace(settings, tracked_buckets=names)


def _alarm_emails(settings: Settings, value: Any) -> Settings:
    return replace(settings, alarm_emails=_several("alarmEmails", value, _EMAIL, "an e-mail address"))


def _bucket_threshold(settings: Settings, value: Any) -> Settings:
    if not str(value).isdecimal() or not 1 <= int(value) <= _EXBIBYTE_IN_GIB:
        raise SettingsError(f"setting 'bucketThresholdGiB' is whole GiB from 1 on, not '{value}'")
    return replace(settings, bucket_threshold_gib=int(value))


def _connection(settings: Settings, value: Any) -> Settings:
    if settings.emulated:
        raise SettingsError(f"setting 'connectionArn' is for AWS; '{settings.target}' goes to LocalStack")
    arn = _matching("connectionArn", value, _CONNECTION, "the ARN of a CodeConnections connection")
    return replace(settings, connection_arn=arn)


def _source_repository(settings: Settings, value: Any) -> Settings:
    name = _matching("sourceRepository", value, _REPOSITORY, "a repository like owner/name")
    return replace(settings, source_repository=name)


def _source_branch(settings: Settings, value: Any) -> Settings:
    name = _matching("sourceBranch", value, _BRANCH, "the name of a branch")
    return replace(settings, source_branch=name)


def _matching(key: str, value: Any, pattern: re.Pattern[str], what: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise SettingsError(f"setting '{key}' is {what}, not '{value}'")
    return value


def _several(key: str, value: Any, pattern: re.Pattern[str], what: str) -> tuple[str, ...]:
    """Return the texts of a list, or those of a comma-separated text (as from the command line), in order, once each."""
    if not isinstance(value, str | list | tuple):
        raise SettingsError(f"setting '{key}' is a list or a comma-separated text, not '{value}'")
    parts = [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
    for part in parts:
        if not isinstance(part, str) or not pattern.fullmatch(part):
            raise SettingsError(f"setting '{key}' holds '{part}', which is not {what}")
    return tuple(dict.fromkeys(parts))


def _one_of(key: str, value: Any, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise SettingsError(f"setting '{key}' is one of {', '.join(allowed)}, not '{value}'")
    return str(value)


CHANGES: Mapping[str, Callable[[Settings, Any], Settings]] = {
    "ephemeral": _ephemeral,
    "endpoint": _endpoint,
    "architecture": _architecture,
    "queueProfile": _queue_profile,
    "driverPauseSeconds": _driver_pause,
    "corsOrigin": _cors_origin,
    "trackedBuckets": _tracked_buckets,
    "alarmEmails": _alarm_emails,
    "bucketThresholdGiB": _bucket_threshold,
    "connectionArn": _connection,
    "sourceRepository": _source_repository,
    "sourceBranch": _source_branch,
}
"""What the context may change, and how."""
