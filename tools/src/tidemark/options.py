"""The options that several commands take, each declared once."""

from typing import Annotated, Any

import typer

from tidemark.local.ports import port_from

State = Annotated[
    str, typer.Option("--state", metavar="DIRECTORY", help="State directory of the local environment.")
]


def port_option(text: str, name: str = "--port") -> Any:
    """Return an option that is a port, from 1 to 65535; `text` says what it is for."""
    return typer.Option(name, parser=port_from, metavar="PORT", help=text)
