"""`make status`: one screen about the running environment; exit code 0 if all is well."""

from tidemark.checks import as_text, ok
from tidemark.local import health
from tidemark.local.condition import running
from tidemark.local.mode import backend_of
from tidemark.local.state import DEFAULT, StateDirectory
from tidemark.options import State


def command(state: State = DEFAULT) -> int:
    """Show the local environment on one screen; fails if anything is not well."""
    directory = StateDirectory.at(state)
    environment = running(directory)
    checks = [
        *backend_of(directory).checks(),
        ok("endpoint", environment.endpoint),
        ok("dashboard", environment.variables["TIDEMARK_API_URL"]),
        *health.look(environment.endpoint, environment.variables),
    ]
    print(as_text("status", checks))
    return int(not all(check.well for check in checks))
