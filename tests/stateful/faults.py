"""The faults of a request, and how they are injected: in front of a stand-in client, or inside botocore."""

import io
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from types import MappingProxyType
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError

from tests.stateful.memory import failure

ENDPOINT = "http://fault.invalid"


class Crash(BaseException):
    """The process dies: nothing in the tracker may catch it."""


class Fault(Enum):
    """How one request fails."""

    THROTTLED = auto()
    CONFLICT = auto()
    """Another transaction is writing an item."""
    UNPROCESSED = auto()
    """Some keys of a batch are left unread."""
    FORBIDDEN = auto()
    BAD_REQUEST = auto()
    """The answer of HEAD for an SSE-C object."""
    SERVER_ERROR = auto()
    TIMEOUT = auto()
    LOST = auto()
    """The request succeeds, but its answer is lost."""
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
"""Every operation of the tracker, and its possible faults. To a read, a lost answer is the same as a timeout."""

Aim = tuple[str, int]
"""An operation, and the number of an invocation's request of that operation, from 0."""
Plan = Mapping[Aim, Fault]
Met = tuple[Fault, str]
"""An injected fault and its operation."""


@dataclass
class FaultInjector:
    """Injects the faults of a `plan` into the requests of one invocation.

    A fault strikes the request that it is aimed at and the next ones of that operation, `attempts` in all, because botocore
    tries three times. Every request calls `gate` first, where a paused invocation waits.
    """

    plan: Plan = field(default_factory=dict)
    attempts: int = 1
    gate: Callable[[str], None] = lambda _: None
    met: Counter[Met] = field(default_factory=Counter)
    _counts: Counter[str] = field(default_factory=Counter)

    def next(self, operation: str) -> Fault | None:
        """Return the fault of the next request, if any; waits until the invocation may go on."""
        self.gate(operation)
        number = self._counts[operation]
        self._counts[operation] += 1
        for earlier in range(self.attempts):
            fault = self.plan.get((operation, number - earlier))
            if fault:
                self.met[fault, operation] += 1
                return fault
        return None


_OF_AN_OPERATION = {
    ("TransactWriteItems", Fault.CONFLICT): ("TransactionCanceledException", 400),
    ("HeadObject", Fault.FORBIDDEN): ("403", 403),
    ("HeadBucket", Fault.FORBIDDEN): ("403", 403),
    ("HeadObject", Fault.BAD_REQUEST): ("400", 400),
}
_OF_A_SERVICE = {
    ("dynamodb", Fault.THROTTLED): ("ProvisionedThroughputExceededException", 400),
    ("s3", Fault.THROTTLED): ("SlowDown", 503),
    ("sqs", Fault.THROTTLED): ("RequestThrottled", 403),
    ("events", Fault.THROTTLED): ("ThrottlingException", 400),
    ("dynamodb", Fault.FORBIDDEN): ("AccessDeniedException", 400),
    ("s3", Fault.FORBIDDEN): ("AccessDenied", 403),
    ("sqs", Fault.FORBIDDEN): ("AccessDenied", 403),
    ("events", Fault.FORBIDDEN): ("AccessDeniedException", 400),
}


def error_of(service: str, operation: str, fault: Fault) -> tuple[str, int]:
    """Return the error code and the HTTP status of a fault."""
    of_service = _OF_A_SERVICE.get((service, fault), ("InternalServerError", 500))
    return _OF_AN_OPERATION.get((operation, fault), of_service)


def raise_unless_answered(fault: Fault, send: Callable[[], Any]) -> None:
    """Raise Crash or a timeout if the fault leaves the caller without an answer; `send` the request before, if it arrives."""
    if fault in {Fault.LOST, Fault.CRASH_AFTER}:
        send()
    if fault in {Fault.CRASH, Fault.CRASH_AFTER}:
        raise Crash
    if fault in {Fault.LOST, Fault.TIMEOUT}:
        raise ReadTimeoutError(endpoint_url=ENDPOINT)


class Faulty:
    """A stand-in client into whose requests faults are injected."""

    def __init__(self, service: str, client: Any, injector: FaultInjector) -> None:
        self._service = service
        self._client = client
        self._injector = injector
        self.exceptions = client.exceptions

    def __getattr__(self, method: str) -> Callable[..., Any]:
        operation = "".join(part.title() for part in method.split("_"))
        return lambda **request: self._ask(operation, getattr(self._client, method), request)

    def get_paginator(self, _operation: str) -> Any:
        return self

    def paginate(self, **query: Any) -> Any:
        yield self._ask("Query", self._client.query, query)

    def _ask(self, operation: str, method: Callable[..., Any], request: dict[str, Any]) -> Any:
        fault = self._injector.next(operation)
        if fault is None:
            return method(**request)
        raise_unless_answered(fault, lambda: method(**request))
        if fault is Fault.UNPROCESSED and operation == "BatchGetItem":
            return self._read_half(method, request)
        code, status = error_of(self._service, operation, fault)
        more = _reasons(request.get("TransactItems", ()))
        raise failure(self._service, operation, code, status, **more)

    @staticmethod
    def _read_half(method: Callable[..., Any], request: dict[str, Any]) -> Any:
        ((table, wanted),) = request["RequestItems"].items()
        half = len(wanted["Keys"]) // 2
        later = {**wanted, "Keys": wanted["Keys"][half:]}
        if not half:
            return {"Responses": {table: []}, "UnprocessedKeys": {table: later}}
        answer = method(RequestItems={table: {**wanted, "Keys": wanted["Keys"][:half]}})
        return {**answer, "UnprocessedKeys": {table: later}}


def inject_faults(service: str, client: Any, current: Callable[[], FaultInjector]) -> None:
    """Inject faults into every HTTP request of a real client, below botocore's retries and error parsing."""

    def before_send(request: Any, event_name: str, **_: Any) -> AWSResponse | None:
        operation = event_name.rpartition(".")[2]
        fault = current().next(operation)
        if fault is None:
            return None
        raise_unless_answered(fault, lambda: client._endpoint.http_session.send(request))
        return _answer(service, operation, fault, request)

    client.meta.events.register(f"before-send.{service}", before_send)


def _answer(service: str, operation: str, fault: Fault, request: Any) -> AWSResponse:
    sent = json.loads(request.body) if service == "dynamodb" else {}
    if fault is Fault.UNPROCESSED and operation == "BatchGetItem":
        body = json.dumps({"Responses": {}, "UnprocessedKeys": sent["RequestItems"]})
        return response(request, 200, body)
    reasons = _reasons(sent.get("TransactItems", ()))
    return error_response(service, operation, *error_of(service, operation, fault), request, **reasons)


def error_response(
    service: str, operation: str, code: str, status: int, request: Any, **more: Any
) -> AWSResponse:
    """Return an error as the service answers it."""
    if service == "s3":
        empty = operation in {"HeadObject", "HeadBucket"}
        return response(request, status, "" if empty else f"<Error><Code>{code}</Code></Error>")
    return response(request, status, json.dumps({"__type": f"com.amazonaws#{code}", "message": code, **more}))


def _reasons(writes: Any) -> dict[str, Any]:
    """Return the reasons of a cancelled transaction: another one was writing the last item."""
    if not writes:
        return {}
    return {"CancellationReasons": [{"Code": "None"}] * (len(writes) - 1) + [{"Code": "TransactionConflict"}]}


class _Raw(io.BytesIO):
    """A body as botocore gets it from urllib3."""

    def stream(self, *_: Any, **__: Any) -> Any:
        yield self.read()


def response(
    request: Any, status: int, body: str, headers: Mapping[str, str] = MappingProxyType({})
) -> AWSResponse:
    """Return an answer as botocore gets it from its connection."""
    return AWSResponse(request.url, status, headers, _Raw(body.encode()))
