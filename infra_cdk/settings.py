"""What differs between deployments: one frozen value per target, and what `-c key=value` may change in it.

Nothing here knows the CDK, and reading settings touches no network and no account.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

LOCAL_ENDPOINT = "http://127.0.0.1:4566"
ENDPOINT_PARAMETER = "Endpoint"
"""The local templates' parameter for the endpoint: the same templates serve whichever port is free."""


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
    """One deployment: where it goes, whether its data outlives it, and how its functions run.

    `endpoint` is the LocalStack that a local target is deployed to, and None on AWS. `ephemeral` data is
    destroyed with its stack. `driver_pause_seconds` is the least time between two of the driver's changes. Pages of
    `cors_origin` may read the API's answers in a browser; a signature is wanted of any.
    """

    target: str
    endpoint: str | None = None
    ephemeral: bool = False
    architecture: str = "x86_64"
    queue: QueueProfile = QUEUE_PROFILES["default"]
    driver_pause_seconds: int = 2
    cors_origin: str = "*"

    @property
    def emulated(self) -> bool:
        """Whether this deployment goes to LocalStack."""
        return self.endpoint is not None


TARGETS = {
    "prod": Settings(target="prod"),
    "dev": Settings(target="dev"),
    "local": Settings(target="local", endpoint=LOCAL_ENDPOINT, ephemeral=True, driver_pause_seconds=1),
}
DEFAULT_TARGET = "prod"


def settings_from(context: Mapping[str, Any]) -> Settings:
    """Return the settings that the CDK context selects and changes.

    `target` selects; every key of `CHANGES` changes one value. Raises SettingsError, naming the key, for an
    unknown target, an unknown key or a value that does not fit. Keys of the CDK itself are left to the CDK.
    """
    ours = {key: value for key, value in context.items() if not _belongs_to_cdk(key)}
    target = ours.pop("target", DEFAULT_TARGET)
    if target not in TARGETS:
        raise SettingsError(f"unknown target '{target}': it is one of {', '.join(TARGETS)}")
    settings = TARGETS[target]
    for key, value in ours.items():
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
}
"""What `-c key=value` may change, and how."""
