"""What may go wrong with a request, and how it is made to, in front of a stand-in and inside botocore."""

import io
import json
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
    """One way in which one request goes wrong; where it does not fit the request, the service answers 500."""

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


@dataclass
class Weather:
    """Which request of one invocation meets what: `plan` by number from 0, in the order of the requests.

    `gate` is passed before every request: there an invocation waits for its turn.
    """

    plan: Mapping[int, Fault] = field(default_factory=dict)
    gate: Callable[[], None] = lambda: None
    met: int = 0
    _sent: int = 0

    def next(self) -> Fault | None:
        """Return what the next request meets, when its turn has come."""
        self.gate()
        fault = self.plan.get(self._sent)
        self._sent += 1
        self.met += fault is not None
        return fault


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
    """A stand-in client whose requests meet the weather."""

    def __init__(self, service: str, client: Any, weather: Weather) -> None:
        self._service = service
        self._client = client
        self._weather = weather
        self.exceptions = client.exceptions

    def __getattr__(self, method: str) -> Callable[..., Any]:
        operation = "".join(part.title() for part in method.split("_"))
        return lambda **asked: self._ask(operation, getattr(self._client, method), asked)

    def get_paginator(self, _operation: str) -> Any:
        return self

    def paginate(self, **query: Any) -> Any:
        yield self._ask("Query", self._client.query, query)

    def _ask(self, operation: str, method: Callable[..., Any], asked: dict[str, Any]) -> Any:
        fault = self._weather.next()
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


def trouble(service: str, client: Any, current: Callable[[], Weather]) -> None:
    """Let every HTTP request of a real client meet the current weather, below botocore's retries and error parsing."""

    def before_send(request: Any, event_name: str, **_: Any) -> AWSResponse | None:
        operation = event_name.rpartition(".")[2]
        fault = current().next()
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
