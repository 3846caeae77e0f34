"""`IAM_ENFORCEMENT`: whose calls are checked."""

from collections.abc import Mapping
from enum import Enum

from localstack_image_lambda.launch_error import LaunchError

VARIABLE = "IAM_ENFORCEMENT"


class Mode(Enum):
    """The values of the variable."""

    OFF = "off"
    """Nobody's."""
    ROLES = "roles"
    """Those of the sessions of roles that exist. A function whose role was never created may do everything."""
    STRICT = "strict"
    """Those of the sessions of all roles, and every request must be signed."""


def mode_of(environ: Mapping[str, str]) -> Mode:
    """Return the mode that the environment asks for. Raises LaunchError."""
    value = environ.get(VARIABLE) or Mode.ROLES.value
    try:
        return Mode(value)
    except ValueError:
        choice = ", ".join(mode.value for mode in Mode)
        raise LaunchError(f"{VARIABLE} must be one of {choice}, not {value!r}") from None
