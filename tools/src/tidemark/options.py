"""The options that several commands take, each declared once."""

from enum import Enum
from typing import Annotated, Any

import typer

from infra_cdk.images import SERVICES
from tidemark.checkout import DEFAULT_PORT
from tidemark.errors import CommandError

MAX_PORT = 65535

Target = Annotated[str, typer.Option("--target", metavar="NAME", help="Deployment: local, dev or prod.")]
Account = Annotated[
    str | None, typer.Option("--account", metavar="ID", help="Account that is meant; any other is refused.")
]
Region = Annotated[str | None, typer.Option("--region", help="Region that is meant; any other is refused.")]
Context = Annotated[
    list[str] | None,
    typer.Option("--context", metavar="KEY=VALUE", help="Setting of the CDK app; may be repeated."),
]


def port_from(text: str) -> int:
    """Return the port that an argument names. Raises CommandError for anything but 1 to 65535."""
    if not text.isdecimal() or not 1 <= int(text) <= MAX_PORT:
        raise CommandError(f"a port is a number from 1 to {MAX_PORT}, not '{text}'")
    return int(text)


def port_option(text: str, name: str = "--port") -> Any:
    """Return an option that is a port, from 1 to 65535; `text` says what it is for."""
    return typer.Option(name, parser=port_from, metavar="PORT", help=text)


class Mode(Enum):
    """What MODE= may say."""

    EMBEDDED = "embedded"
    DOCKER = "docker"


class Iam(Enum):
    """What IAM= may say: whose calls the emulator checks."""

    ROLES = "roles"
    """The functions', by the policies of their roles."""
    STRICT = "strict"
    """The same, and every request must be signed."""
    OFF = "off"


State = Annotated[
    str, typer.Option("--state", metavar="DIRECTORY", help="State directory of the local environment.")
]
LocalPort = Annotated[
    int | None, port_option(f"Port on 127.0.0.1 of a new environment (default: {DEFAULT_PORT}).")
]
RunMode = Annotated[
    Mode | None,
    typer.Option("--mode", help="Where a new environment runs (default: docker if an engine answers)."),
]
EnforceIam = Annotated[
    Iam | None,
    typer.Option(
        "--iam", help="Whose permissions a new environment checks (default: roles, the functions')."
    ),
]
Architecture = Annotated[
    str, typer.Option(help="x86_64 or arm64 (default: as the CDK app deploys the functions).")
]
Function = Annotated[
    str, typer.Option("--function", metavar="SERVICE", help=f"One of {', '.join(SERVICES)}.")
]
