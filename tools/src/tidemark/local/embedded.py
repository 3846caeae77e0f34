"""The environment without Docker: LocalStack and its DynamoDB engine as two processes of this machine.

What this module answers is all that depends on how the emulator runs: which programs, and what the functions are.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra_cdk.images import SERVICES, repository
from tidemark.errors import CommandError
from tidemark.local.ports import LOOPBACK
from tidemark.local.processes import MARK, Program
from tidemark.local.state import StateDirectory

ENGINE = "dynamodb"
LOCALSTACK = "localstack"
NAMES = (ENGINE, LOCALSTACK)
"""What a complete environment runs, as processes or as services of docker-compose.yml, in the order of their start."""

TITLES = {ENGINE: "the DynamoDB engine", LOCALSTACK: "LocalStack"}

PRELOADED = "cloudformation,ssm,s3,dynamodb,logs,iam,sts,sqs,events,lambda,apigateway"
"""What the stacks need, in the order in which they need it: LocalStack loads it while the templates are made."""

_KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LS_LOG")


@dataclass(frozen=True, slots=True)
class Addresses:
    """The ports on the loopback interface: LocalStack's endpoint, and the DynamoDB engine behind it, if it is there."""

    port: int
    engine_port: int = 0

    @property
    def endpoint(self) -> str:
        """The URL that everybody talks to."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def engine(self) -> str:
        """The URL that LocalStack forwards DynamoDB's calls to."""
        return f"http://{LOOPBACK}:{self.engine_port}"


def programs(
    root: Path, state: StateDirectory, addresses: Addresses, environ: Mapping[str, str]
) -> tuple[Program, ...]:
    """Return what to start, from the repository at `root`."""
    return (
        _program(root, ENGINE, "ministack", _base(state, ENGINE, environ) | _engine_settings(addresses)),
        _program(
            root,
            LOCALSTACK,
            "localstack_image_lambda",
            _base(state, LOCALSTACK, environ) | _localstack_settings(state, addresses),
        ),
    )


def functions(root: Path, state: StateDirectory) -> dict[str, dict[str, dict[str, object]]]:
    """Return the content of LocalStack's map of images: each service from its sources, in its own venv."""
    return {"images": {repository(service): _function(root, state, service) for service in SERVICES}}


def require_installed(root: Path) -> None:
    """Raise CommandError, naming the first interpreter that is missing, unless everything is installed."""
    for name in (*NAMES, *SERVICES):
        if not os.access(_python(root, name), os.X_OK):
            raise CommandError(f"{_python(root, name).relative_to(root)} is missing: run make install")


def _program(root: Path, name: str, module: str, environ: Mapping[str, str]) -> Program:
    return Program(name, TITLES[name], (str(_python(root, name)), "-m", module), environ)


def _base(state: StateDirectory, name: str, environ: Mapping[str, str]) -> dict[str, str]:
    # A list of what is passed on, not of what is left out: a stray SERVICES=, AWS_PROFILE or proxy in somebody's
    # shell would change the emulator.
    home = str(state.files_of(name))
    kept = {variable: environ[variable] for variable in _KEPT if variable in environ}
    return {**kept, "HOME": home, "TMPDIR": home, "PYTHONUNBUFFERED": "1"}


def _engine_settings(addresses: Addresses) -> dict[str, str]:
    return {
        "SERVICES": "dynamodb",
        "BIND_HOST": LOOPBACK,
        "GATEWAY_PORT": str(addresses.engine_port),
        "IOT_MTLS_ENABLED": "0",  # or it opens a second port
        "LOG_LEVEL": "WARNING",
    }


def _localstack_settings(state: StateDirectory, addresses: Addresses) -> dict[str, str]:
    listen = f"{LOOPBACK}:{addresses.port}"
    return {
        "GATEWAY_LISTEN": listen,
        "LOCALSTACK_HOST": listen,  # the host in the URLs that it hands out, which needs no DNS then
        "LOCALSTACK_STATE_DIR": str(state.files_of(LOCALSTACK)),
        "LAMBDA_RUNTIME_EXECUTOR": "process",
        "IMAGE_LAMBDA_MAP": str(state.functions_file),
        "DYNAMODB_ENGINE_URL": addresses.engine,
        "PRELOAD_SERVICES": PRELOADED,
    }


def _function(root: Path, state: StateDirectory, service: str) -> dict[str, object]:
    module = service.replace("-", "_")
    return {
        "python": str(_python(root, service)),
        "directory": str(root / "services" / module),
        "handler": f"{module}.handler.handler",
        "environment": {MARK: str(state.root)},
    }


def _python(root: Path, name: str) -> Path:
    return root / ".venvs" / name / "bin" / "python"
