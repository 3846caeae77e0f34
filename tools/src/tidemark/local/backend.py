"""What runs an environment: processes of this machine (embedded.py) or containers of a Docker engine (containers.py)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from tidemark.checks import Check
from tidemark.errors import CommandError
from tidemark.options import Mode
from tidemark.progress import Progress

ENGINE = "dynamodb"
LOCALSTACK = "localstack"
NAMES = (ENGINE, LOCALSTACK)
"""What a complete environment runs, as processes or as services of docker-compose.yml, in the order of their start."""

TITLES = {ENGINE: "the DynamoDB engine", LOCALSTACK: "LocalStack"}

PRELOADED = "cloudformation,ssm,s3,dynamodb,logs,iam,sts,sqs,events,lambda,apigateway"
"""What the stacks need, in the order in which they need it: LocalStack loads it while the templates are made."""

START_SECONDS = 90.0
"""How long one of `NAMES` may take until it answers."""

Say = Callable[[str], None]
"""Shows a line to the user."""


class Backend(Protocol):
    """Runs one environment. Every method may raise CommandError."""

    @property
    def mode(self) -> Mode:
        """The mode that stands for it."""

    @property
    def place(self) -> str:
        """Where it runs, for the user: `in Docker` or `without Docker`."""

    @property
    def sandbox(self) -> str:
        """What runs a function, for the user."""

    @property
    def logs(self) -> str:
        """Where the logs are, for the user."""

    def prepare(self, progress: Progress) -> None:
        """Do what has to be done before anything of the environment is started or written."""

    def start(self, port: int, progress: Progress) -> None:
        """Start LocalStack at a port of the loopback interface, and its DynamoDB engine; wait until both answer."""

    def stop(self, say: Say) -> str:
        """Stop all that runs; return a line about it, or an empty one if nothing ran."""

    def faults(self) -> list[str]:
        """Return what is wrong with the recorded parts; asks none of them anything."""

    def checks(self) -> list[Check]:
        """Return what runs."""

    def end_of_log(self, name: str) -> str:
        """Return the end of the log of one of `NAMES`."""

    def exposed(self) -> list[str]:
        """Return the addresses beyond the loopback interface that something listens on, as far as that is visible."""

    def rebuild(self, service: str) -> str:
        """Have the next start of a function run its sources as they are now; return what was done, in a few words."""

    def require_debugger(self) -> None:
        """Raise CommandError unless a debugger can attach to functions."""


@contextmanager
def log_shown(backend: Backend, name: str) -> Iterator[None]:
    """Have a CommandError of the block show the end of the log of one of `NAMES`."""
    try:
        yield
    except CommandError as error:
        error.details = backend.end_of_log(name)
        raise
