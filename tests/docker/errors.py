"""How the commands around the Docker tests fail."""


class SetupError(Exception):
    """The tests cannot run here; the message is one line that says why and what to do."""
