"""Starts LocalStack with this package's defaults, all files in one directory, and its server on one address."""

import contextlib
import ipaddress
import logging
import os
import re
import shutil
import socket
import sys
import tempfile
import traceback
import warnings
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path

from localstack_image_lambda.iam.mode import mode_of
from localstack_image_lambda.launch_error import LaunchError

STATE_VARIABLE = "LOCALSTACK_STATE_DIR"
ENGINE_VARIABLE = "DYNAMODB_ENGINE_URL"

DEFAULTS: Mapping[str, str] = {
    "GATEWAY_LISTEN": "127.0.0.1:4566",
    "LAMBDA_RUNTIME_EXECUTOR": "process",
    "SQS_ENDPOINT_STRATEGY": "path",  # queue URLs resolve without DNS
    "DNS_ADDRESS": "0",  # no DNS server
    "SKIP_SSL_CERT_DOWNLOAD": "1",  # nothing is fetched from the internet
    "DISABLE_EVENTS": "1",  # nothing is reported to the internet
    "IN_MEMORY_CLIENT": "1",  # services call one another without sockets, so no call is delayed or refused
    "SQS_DISABLE_CLOUDWATCH_METRICS": "1",  # they cost one more call per message, which halves the throughput
    "LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC": "0",  # long polling waits already (see queue_polling.py)
}

# A developer's shell sets these for AWS clients, not for an emulator.
_FOR_CLIENTS = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE")
_FORCED: Mapping[str, str] = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",  # otherwise botocore looks for credentials at 169.254.169.254
}


@dataclass(frozen=True, slots=True)
class Launch:
    """The address that LocalStack listens on, and the directory of all its files."""

    host: str
    port: int
    state: Path


def prepare(environ: MutableMapping[str, str]) -> Launch:
    """Add the defaults to an environment and return the resulting address and directory. Raises LaunchError."""
    for name, value in DEFAULTS.items():
        environ.setdefault(name, value)
    environ.update(_FORCED)
    for name in _FOR_CLIENTS:
        environ.pop(name, None)
    if environ.get(ENGINE_VARIABLE):
        environ.setdefault("PROVIDER_OVERRIDE_DYNAMODB", "engine")
    mode_of(environ)
    host, port = _address(environ["GATEWAY_LISTEN"])
    state = Path(environ.get(STATE_VARIABLE) or Path(tempfile.gettempdir(), f"localstack-{port}"))
    launch = Launch(host, port, state.absolute())
    environ.setdefault("CONFIG_DIR", str(launch.state / "config"))
    return launch


def launch() -> None:
    """Run LocalStack until a signal stops it."""
    try:
        plan = prepare(os.environ)
        _refuse_taken(plan)
        _make_directories(plan)
    except LaunchError as error:
        sys.exit(f"localstack_image_lambda: {error}")

    # Twisted warns about a missing library that only TLS clients need.
    warnings.filterwarnings("ignore", message=".*service_identity.*", category=UserWarning)
    # Imported only now, because LocalStack reads its configuration from the environment at import.
    from localstack_image_lambda import isolation  # noqa: PLC0415

    isolation.apply(plan.state, plan.host)
    try:
        isolation.require_executor(os.environ["LAMBDA_RUNTIME_EXECUTOR"])
    except LaunchError as error:
        sys.exit(f"localstack_image_lambda: {error}")
    _run()


def _run() -> None:
    from localstack.runtime.main import main  # noqa: PLC0415

    code = 1
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 nothing else would show it
        traceback.print_exc()
    # LocalStack has shut down. A normal exit of Python would take seconds to free every object.
    logging.shutdown()
    sys.stdout.flush()
    os._exit(code)


def _address(listen: str) -> tuple[str, int]:
    match = re.fullmatch(r"([0-9.]*):([0-9]{1,5})", listen.strip())
    with contextlib.suppress(ValueError):
        if match:
            return str(ipaddress.IPv4Address(match.group(1) or "127.0.0.1")), int(match.group(2))
    raise LaunchError(
        f"GATEWAY_LISTEN must be one IPv4 address and port, like 127.0.0.1:4566, not {listen!r}"
    )


def _refuse_taken(plan: Launch) -> None:
    """Raise LaunchError if the port is taken. Twisted would fail unnoticed, and LocalStack would use the other's port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((plan.host, plan.port))
        except OSError as error:
            raise LaunchError(
                f"cannot listen on {plan.host}:{plan.port} ({error.strerror}): set GATEWAY_LISTEN to a free port"
            ) from None


def _make_directories(plan: Launch) -> None:
    temporary = plan.state / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)  # a killed instance leaves files here
    try:
        temporary.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LaunchError(f"{STATE_VARIABLE}: cannot create {temporary}: {error.strerror}") from None
    tempfile.tempdir = str(temporary)
