"""The values of the Runtime API: invocations, events and replies."""

import json
from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of a function, as `invocation/next` returns it to the runtime.

    `deadline_ms` is in milliseconds since 1970. `client_context` is JSON text from the caller, or empty.
    """

    request_id: str
    payload: bytes
    deadline_ms: int
    function_arn: str
    trace_id: str = ""
    client_context: str = ""

    def headers(self) -> dict[str, str]:
        """Return the headers with everything but the payload. Empty values are left out."""
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
    """The runtime asked for work, so its init has ended."""


@dataclass(frozen=True, slots=True)
class InitFailed:
    """The runtime reported that the function could not be loaded. The payload is its JSON error."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Answered:
    """The function returned its JSON, or it failed (`is_error`) with its JSON error."""

    request_id: str
    payload: bytes
    is_error: bool


RuntimeEvent = Polled | InitFailed | Answered


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a runtime's report: 202 with `{"status": "OK"}`, or an error status with a JSON error."""

    status: HTTPStatus
    body: bytes

    @classmethod
    def accepted(cls) -> "Reply":
        """Return the answer to an accepted report."""
        return cls(HTTPStatus.ACCEPTED, b'{"status":"OK"}')

    @classmethod
    def refused(cls, status: HTTPStatus, error_type: str, message: str) -> "Reply":
        """Return an error in the Runtime API's format."""
        return cls(status, json.dumps({"errorType": error_type, "errorMessage": message}).encode())
