"""Every limit of time, once and with its reason: how long each function lives, and how long it waits for what.

No request begins in the reserve at a function's end (`deadline.py`), so a service that hangs costs an answer and never
kills a function. A test adds the numbers up, and docs/budgets.md has the sums. All times are in seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

BACK_OFF_SECONDS = 1.0
"""Maximum pause of botocore's standard retry mode before the second attempt; before each later one it is twice as long.

The pause is so long only after throttling. A service may ask for up to five seconds more (`x-amz-retry-after`), which
`deadline.py` grants only if they end in time.
"""
GATEWAY_SECONDS = 29
"""How long API Gateway waits for plotting (AWS's limit for a regional API)."""
VISIBILITY_TIMEOUTS = 6
"""How many lives of the tracker a message stays invisible (AWS's advice for a queue that feeds a function)."""
MAX_RECEIVES = 5
"""How often a message is received before it is a dead letter (AWS's advice is at least 5)."""

MAX_READS = 8
"""Requests of one `batch_get`, whose pauses add up to 2.5 seconds."""
FIRST_READ_PAUSE_SECONDS = 0.02
"""The pause after its first request; each later one is twice as long."""
FIRST_PAUSE_SECONDS = 0.02
"""The longest pause of the tracker after another writer was faster; after each further time it is twice as long."""
MAX_PAUSE_SECONDS = 0.5
"""The longest pause of the tracker however often that happens. Other writers hold a row for tens of milliseconds."""
LANDING_SECONDS = 3.0
"""How long before the deadline a reconcile step heals no more keys, so that it can still move the run on."""
POLL_SECONDS = 0.1
"""The driver's pause between two looks at the history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """How long one attempt of a request may take, and how many attempts there are.

    `read_seconds` limits each wait for bytes, so an answer that drips could take longer. AWS's answers to these functions
    are at most a megabyte.
    """

    connect_seconds: float
    read_seconds: float
    attempts: int
    back_off_seconds: float = BACK_OFF_SECONDS

    @property
    def attempt_seconds(self) -> float:
        """The longest attempt: to connect, and to wait for the answer."""
        return self.connect_seconds + self.read_seconds

    @property
    def max_pause_seconds(self) -> float:
        """The longest pause between two attempts, which is that before the last one."""
        return self.back_off_seconds * 2.0 ** (self.attempts - 2) if self.attempts > 1 else 0.0

    @property
    def tail_seconds(self) -> float:
        """How long a request goes on at most after the deadline: an attempt that had begun, and the pause after it."""
        return self.attempt_seconds + self.max_pause_seconds

    @property
    def longest_seconds(self) -> float:
        """How long a request takes at most if there is no deadline."""
        pauses = sum(self.back_off_seconds * 2.0**number for number in range(self.attempts - 1))
        return self.attempts * self.attempt_seconds + pauses

    def config(self) -> dict[str, Any]:
        """Return the arguments of botocore's Config."""
        return {
            "connect_timeout": self.connect_seconds,
            "read_timeout": self.read_seconds,
            "retries": {"mode": "standard", "total_max_attempts": self.attempts},
        }

    def shrunk(self, factor: float) -> "Client":
        """Return the same limits with every time divided."""
        return Client(
            connect_seconds=self.connect_seconds / factor,
            read_seconds=self.read_seconds / factor,
            attempts=self.attempts,
            back_off_seconds=self.back_off_seconds / factor,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """How long a function lives, its clients by service, and what it does after its last request to them.

    `afterwards` are those that it then asks once each, whatever the time is. `finish_seconds` is for the rest of its work
    and for its answer.
    """

    timeout_seconds: float
    clients: Mapping[str, Client]
    finish_seconds: float
    afterwards: Mapping[str, Client] = field(default_factory=dict)

    @property
    def reserve_seconds(self) -> float:
        """The time at the end of an invocation in which no request to a client begins."""
        tail = max(client.tail_seconds for client in self.clients.values())
        return tail + sum(client.longest_seconds for client in self.afterwards.values()) + self.finish_seconds

    @property
    def working_seconds(self) -> float:
        """How long after its start a function that is invoked at once may begin requests."""
        return self.timeout_seconds - self.reserve_seconds

    def shrunk(self, factor: float) -> "Function":
        """Return the same budget with every time divided, for tests that let a function wait as long as it may."""
        return Function(
            timeout_seconds=self.timeout_seconds / factor,
            clients={name: client.shrunk(factor) for name, client in self.clients.items()},
            finish_seconds=self.finish_seconds / factor,
            afterwards={name: client.shrunk(factor) for name, client in self.afterwards.items()},
        )


_TRACKING = Client(connect_seconds=1, read_seconds=4, attempts=3)
"""An answer takes tens of milliseconds. Two more attempts overcome a lost packet and a short overload."""
TRACKER = Function(
    timeout_seconds=30,
    clients=MappingProxyType(dict.fromkeys(("s3", "dynamodb", "sqs", "events"), _TRACKING)),
    finish_seconds=1,  # the answer is a list of ids
)

_READING = Client(connect_seconds=1, read_seconds=5, attempts=2)
"""Two attempts, because a person waits. A long history of the local engine takes seconds to query."""
PLOTTING = Function(
    timeout_seconds=GATEWAY_SECONDS - 1,  # so that its log shows a timeout before API Gateway gives up
    clients=MappingProxyType(
        {
            "dynamodb": _READING,
            "s3": _READING,
            # The answer goes without the queue's age if SQS hangs, so one short attempt is enough.
            "sqs": Client(connect_seconds=1, read_seconds=1, attempts=1),
        }
    ),
    finish_seconds=4,  # to import matplotlib and to draw, which takes about two on its part of a processor
)

_CHANGING = Client(connect_seconds=2, read_seconds=5, attempts=3)
"""Nobody waits for the driver, so that it waits a little longer itself."""
DRIVER = Function(
    timeout_seconds=300,  # five steps, each of which may wait for a busy queue
    clients=MappingProxyType(dict.fromkeys(("s3", "dynamodb", "sqs"), _CHANGING)),
    # The plot. The API answers as soon as API Gateway gives up, if not before.
    afterwards=MappingProxyType(
        {"api": Client(connect_seconds=2, read_seconds=GATEWAY_SECONDS + 1, attempts=1)}
    ),
    finish_seconds=1,
)
