"""The `tidemark` command. Each sub-command is the function `command` of one module.

Only the module that is called is imported: `tidemark status` must not wait for the CDK, and `--help` may.
"""

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from types import MappingProxyType

import typer

from tidemark.errors import CommandError, Stopped, raise_on_signals

COMMANDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "Run it on this machine": {
            "local-up": "tidemark.local.up",
            "local-down": "tidemark.local.down",
            "status": "tidemark.local.status",
            "env": "tidemark.local.env",
            "within": "tidemark.local.within",
        },
        "Change it and look at it": {
            "dev": "tidemark.loop.dev",
            "logs": "tidemark.loop.logs",
            "invoke": "tidemark.loop.invoke",
            "demo": "tidemark.loop.demo",
            "reset": "tidemark.loop.reset",
        },
        "Images": {
            "build-images": "tidemark.images.build",
            "push-images": "tidemark.images.push",
        },
        "Deliver it": {
            "bootstrap": "tidemark.deliver.bootstrap",
            "deploy": "tidemark.deliver.deploy",
            "validate": "tidemark.deliver.validate",
            "diff": "tidemark.deliver.diff",
            "destroy": "tidemark.deliver.destroy",
            "recover": "tidemark.deliver.recover",
            "cdk": "tidemark.deliver.cdk",
            "resources": "tidemark.resources",
        },
        "Operate it": {
            "dashboard": "tidemark.page.serve",
            "reconcile": "tidemark.operate.reconcile",
            "track": "tidemark.operate.track",
            "untrack": "tidemark.operate.untrack",
            "rollups": "tidemark.operate.rollups",
            "restore": "tidemark.operate.restore",
            "redrive": "tidemark.operate.redrive",
        },
        "Check it": {
            "pack-page": "tidemark.page.pack",
            "audit": "tidemark.audit",
        },
    }
)
"""The panels of `tidemark --help`; in each, every sub-command with its module. Names are those of the Make targets."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a sub-command and return its exit code: 0, 1 after one line on stderr, 2 for a wrong argument."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    name = words[0] if words else ""
    raise_on_signals()
    try:
        return _app(name)(words, prog_name="tidemark", standalone_mode=False) or 0
    except CommandError as error:
        return _fail(name, error, details=error.details)
    except typer.TyperException as error:
        # A wrong argument, or a sub-command that does not exist; only some of these name their option in str().
        return _fail(name, getattr(error, "format_message", error.__str__)(), code=2)
    except typer.Abort:  # the user closed standard input at a question
        return _fail(name, "nobody answered, so nothing was done")
    except Stopped as stopped:
        notes = getattr(stopped, "__notes__", [])
        return _fail(name, "; ".join([f"stopped by {stopped}", *notes]), code=stopped.exit_code)
    except Exception as error:
        if not (line := _refusal(error)):
            raise
        return _fail(name, line)


def _app(name: str) -> typer.Typer:
    app = typer.Typer(
        name="tidemark",
        help="Run Tidemark locally, change it, deliver it and operate it. The Makefile calls these commands.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(lambda: None)
    known = {command for commands in COMMANDS.values() for command in commands}
    for panel, commands in COMMANDS.items():
        for command, module in commands.items():
            if name == command or name not in known:  # all of them for --help, and for a misspelled one
                app.command(command, rich_help_panel=panel)(import_module(module).command)
    return app


def _refusal(error: Exception) -> str | None:
    # No error can be botocore's while nothing has imported it, and not every command needs it.
    exceptions = sys.modules.get("botocore.exceptions")
    if exceptions is None or not isinstance(error, (exceptions.BotoCoreError, exceptions.ClientError)):
        return None
    line: str = import_module("tidemark.aws.refusals").explained(error)
    return line


def _fail(name: str, why: object, *, details: str = "", code: int = 1) -> int:
    if details:
        print(details, file=sys.stderr)
    print(f"{name}: {why}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
