"""The values of the Runtime API: what a runtime is handed, what it reports, what it is answered."""

import json
from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of a function: what `invocation/next` hands to the runtime.

    `deadline_ms` is in milliseconds since 1970; `client_context` is the JSON text a caller may have passed.
    """

    request_id: str
    payload: bytes
    deadline_ms: int
    function_arn: str
    trace_id: str = ""
    client_context: str = ""

    def headers(self) -> dict[str, str]:
        """Return the headers that carry everything but the payload; empty ones are left out."""
        headers = {
            "Lambda-Runtime-Aws-Request-Id": self.request_id,
            "Lambda-Runtime-Deadline-Ms": str(self.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": self.function_arn,
            "Lambda-Runtime-Trace-Id": self.trace_id,
            "Lambda-Runtime-Client-Context": self.client_context,
        }
        return {name: value for name, value in headers.items() if value}


@dataclass(frozen=True, slots=True)
class Polled:
    """The runtime asked for work: its init is over."""


@dataclass(frozen=True, slots=True)
class InitFailed:
    """The runtime reported that the function could not be loaded; the payload is its own JSON error."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Answered:
    """The function returned (its JSON), or failed (its JSON error, `is_error`)."""

    request_id: str
    payload: bytes
    is_error: bool


RuntimeEvent = Polled | InitFailed | Answered


@dataclass(frozen=True, slots=True)
class Reply:
    """A status and a JSON error body for a request that could not be honoured, or 202 and `{"status": "OK"}`."""

    status: HTTPStatus
    body: bytes

    @classmethod
    def accepted(cls) -> "Reply":
        """Return what every report of a runtime is answered with."""
        return cls(HTTPStatus.ACCEPTED, b'{"status":"OK"}')

    @classmethod
    def refused(cls, status: HTTPStatus, error_type: str, message: str) -> "Reply":
        """Return an error as the Runtime API words it."""
        return cls(status, json.dumps({"errorType": error_type, "errorMessage": message}).encode())
