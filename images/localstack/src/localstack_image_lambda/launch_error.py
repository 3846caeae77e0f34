"""The error of a LocalStack that cannot start."""


class LaunchError(Exception):
    """A setting cannot be used. The message names the variable and the fix."""
