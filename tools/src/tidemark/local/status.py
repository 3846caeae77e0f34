"""`make status`: one screen about the running environment; exit code 1 if anything has to be mended."""

from tidemark.checks import as_text, exit_code, ok
from tidemark.local import health, permissions
from tidemark.local.condition import running
from tidemark.local.mode import backend_of
from tidemark.local.state import DEFAULT, StateDirectory
from tidemark.options import State


def command(state: State = DEFAULT) -> int:
    """Show the local environment on one screen; fails if anything has to be mended."""
    directory = StateDirectory.at(state)
    environment = running(directory)
    checks = [
        *backend_of(directory).checks(),
        ok("endpoint", environment.endpoint),
        ok("dashboard", environment.variables["TIDEMARK_API_URL"]),
        *health.look(environment.endpoint, environment.variables),
        *health.buckets(environment.endpoint, environment.variables),
        permissions.check(environment.endpoint),
    ]
    print(as_text("status", checks))
    return exit_code(checks)
