"""What keeps LocalStack from being started."""


class LaunchError(Exception):
    """The environment asks for what cannot be done; the message names the variable and the fix."""
