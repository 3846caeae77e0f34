"""What may go wrong with a request, and how it is made to, in front of a stand-in and inside botocore."""

import io
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError

from tests.stateful.memory import failure

ENDPOINT = "http://fault.invalid"


class Crash(BaseException):
    """The process dies: nothing in the tracker may catch it."""


class Fault(Enum):
    """One way in which one request goes wrong."""

    THROTTLED = auto()
    CONFLICT = auto()
    """Another transaction holds an item."""
    UNPROCESSED = auto()
    """Some keys of a batch are left unread."""
    FORBIDDEN = auto()
    BAD_REQUEST = auto()
    """What HEAD answers for an object under a key of the customer's own (SSE-C)."""
    SERVER_ERROR = auto()
    TIMEOUT = auto()
    LOST = auto()
    """The request is carried out; its answer does not arrive."""
    CRASH = auto()
    CRASH_AFTER = auto()


_ANY = (Fault.THROTTLED, Fault.SERVER_ERROR, Fault.TIMEOUT, Fault.CRASH)
_WRITING = (*_ANY, Fault.LOST, Fault.CRASH_AFTER)
FITTING: Mapping[str, tuple[Fault, ...]] = {
    "HeadObject": (*_ANY, Fault.FORBIDDEN, Fault.BAD_REQUEST),
    "BatchGetItem": (*_ANY, Fault.UNPROCESSED),
    "TransactWriteItems": (*_WRITING, Fault.CONFLICT),
    "PutItem": _WRITING,
    "SendMessage": _WRITING,
    "GetItem": _ANY,
    "Query": _ANY,
    "ListObjectsV2": _ANY,
}
"""Every operation that the tracker asks for, and what may befall it. An answer lost is as good as a timeout to a reader."""

Aim = tuple[str, int]
"""An operation, and which of an invocation's requests of that kind is meant, from 0."""
Plan = Mapping[Aim, Fault]
Met = tuple[Fault, str]
"""What was met, and by which operation."""


@dataclass
class FaultInjector:
    """What the requests of one invocation meet: each fault of the `plan` waits for the request that it is aimed at.

    It befalls the next ones of its kind too, until `attempts` have met it: botocore asks three times before it gives up.
    `gate` is passed before every request: there an invocation waits for its turn.
    """

    plan: Plan = field(default_factory=dict)
    attempts: int = 1
    gate: Callable[[str], None] = lambda _: None
    met: Counter[Met] = field(default_factory=Counter)
    _asked: Counter[str] = field(default_factory=Counter)

    def next(self, operation: str) -> Fault | None:
        """Return what the next request meets, when its turn has come."""
        self.gate(operation)
        number = self._asked[operation]
        self._asked[operation] += 1
        for earlier in range(self.attempts):
            fault = self.plan.get((operation, number - earlier))
            if fault:
                self.met[fault, operation] += 1
                return fault
        return None


def error_of(service: str, operation: str, fault: Fault) -> tuple[str, int]:
    """Return the code and the HTTP status that this service answers this request with."""
    match service, operation, fault:
        case "dynamodb", "TransactWriteItems", Fault.CONFLICT:
            return "TransactionCanceledException", 400
        case "dynamodb", _, Fault.THROTTLED:
            return "ProvisionedThroughputExceededException", 400
        case "s3", "HeadObject", Fault.FORBIDDEN:
            return "403", 403
        case "s3", "HeadObject", Fault.BAD_REQUEST:
            return "400", 400
        case "s3", _, Fault.THROTTLED:
            return "SlowDown", 503
        case _:
            return "InternalServerError", 500


class Faulty:
    """A stand-in client whose requests meet the injector."""

    def __init__(self, service: str, client: Any, injector: FaultInjector) -> None:
        self._service = service
        self._client = client
        self._injector = injector
        self.exceptions = client.exceptions

    def __getattr__(self, method: str) -> Callable[..., Any]:
        operation = "".join(part.title() for part in method.split("_"))
        return lambda **asked: self._ask(operation, getattr(self._client, method), asked)

    def get_paginator(self, _operation: str) -> Any:
        return self

    def paginate(self, **query: Any) -> Any:
        yield self._ask("Query", self._client.query, query)

    def _ask(self, operation: str, method: Callable[..., Any], asked: dict[str, Any]) -> Any:
        fault = self._injector.next(operation)
        if fault is None:
            return method(**asked)
        if fault is Fault.CRASH:
            raise Crash
        if fault in {Fault.LOST, Fault.CRASH_AFTER}:
            method(**asked)
            raise ReadTimeoutError(endpoint_url=ENDPOINT) if fault is Fault.LOST else Crash
        if fault is Fault.TIMEOUT:
            raise ReadTimeoutError(endpoint_url=ENDPOINT)
        if fault is Fault.UNPROCESSED and operation == "BatchGetItem":
            return self._half(method, asked)
        code, status = error_of(self._service, operation, fault)
        more = _reasons(asked.get("TransactItems", ()))
        raise failure(self._service, operation, code, status, **more)

    @staticmethod
    def _half(method: Callable[..., Any], asked: dict[str, Any]) -> Any:
        ((table, wanted),) = asked["RequestItems"].items()
        half = len(wanted["Keys"]) // 2
        later = {**wanted, "Keys": wanted["Keys"][half:]}
        if not half:
            return {"Responses": {table: []}, "UnprocessedKeys": {table: later}}
        answer = method(RequestItems={table: {**wanted, "Keys": wanted["Keys"][:half]}})
        return {**answer, "UnprocessedKeys": {table: later}}


def inject_faults(service: str, client: Any, current: Callable[[], FaultInjector]) -> None:
    """Let every HTTP request of a real client meet the current injector, below botocore's retries and error parsing."""

    def before_send(request: Any, event_name: str, **_: Any) -> AWSResponse | None:
        operation = event_name.rpartition(".")[2]
        fault = current().next(operation)
        if fault is None:
            return None
        if fault is Fault.CRASH:
            raise Crash
        if fault in {Fault.LOST, Fault.CRASH_AFTER}:
            client._endpoint.http_session.send(request)
            raise ReadTimeoutError(endpoint_url=ENDPOINT) if fault is Fault.LOST else Crash
        if fault is Fault.TIMEOUT:
            raise ReadTimeoutError(endpoint_url=ENDPOINT)
        return _answer(service, operation, fault, request)

    client.meta.events.register(f"before-send.{service}", before_send)


def _answer(service: str, operation: str, fault: Fault, request: Any) -> AWSResponse:
    asked = json.loads(request.body) if service == "dynamodb" else {}
    if fault is Fault.UNPROCESSED and operation == "BatchGetItem":
        body = json.dumps({"Responses": {}, "UnprocessedKeys": asked["RequestItems"]})
        return _response(request, 200, body)
    code, status = error_of(service, operation, fault)
    if service == "s3":
        head = operation == "HeadObject"
        return _response(request, status, "" if head else f"<Error><Code>{code}</Code></Error>")
    told = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": code}
    return _response(request, status, json.dumps(told | _reasons(asked.get("TransactItems", ()))))


def _reasons(writes: Any) -> dict[str, Any]:
    """Return a cancelled transaction's reasons: the last item was held by somebody else."""
    if not writes:
        return {}
    return {"CancellationReasons": [{"Code": "None"}] * (len(writes) - 1) + [{"Code": "TransactionConflict"}]}


class _Raw(io.BytesIO):
    """A body as urllib3 hands it to botocore."""

    def stream(self, *_: Any, **__: Any) -> Any:
        yield self.read()


def _response(request: Any, status: int, body: str) -> AWSResponse:
    return AWSResponse(request.url, status, {}, _Raw(body.encode()))
