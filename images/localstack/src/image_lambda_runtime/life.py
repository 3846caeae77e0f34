"""One life of a function: its process starts, answers invocations and ends."""

import json
import queue
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from image_lambda_runtime.output import Output
from image_lambda_runtime.reports import stamp
from image_lambda_runtime.runtime_api import MAX_RESPONSE_BYTES, RuntimeApi
from image_lambda_runtime.runtime_protocol import Answered, InitFailed, Invocation, Polled, RuntimeEvent
from image_lambda_runtime.sandbox import Exit, Sandbox, SandboxError, SandboxFactory


@dataclass(frozen=True, slots=True)
class FunctionSettings:
    """The settings with which a function runs; times in seconds, memory in MB.

    The Runtime API listens on `bind_host`, and the sandbox reaches it at `advertise_host`.
    """

    version: str
    timeout: float
    memory_mb: int
    init_timeout: float = 20.0
    json_logs: bool = False
    bind_host: str = "127.0.0.1"
    advertise_host: str | None = None
    max_response_bytes: int = MAX_RESPONSE_BYTES


@dataclass(frozen=True, slots=True)
class Call:
    """One invocation from its caller. `client_context` is JSON text or empty."""

    request_id: str
    payload: bytes
    function_arn: str
    trace_id: str = ""
    client_context: str = ""

    def error(self, error_type: str, message: str) -> bytes:
        """Return the JSON error by which the platform, not the function, fails this call."""
        text = f"RequestId: {self.request_id} Error: {message}"
        return json.dumps({"errorType": error_type, "errorMessage": text}).encode()


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of an invocation: its JSON payload, and Lambda's words for the log.

    After a fatal ending the process cannot be used again. `note` is an additional text for the log.
    """

    payload: bytes
    status: str = "success"
    error_type: str = ""
    fatal: bool = False
    note: str = ""

    @classmethod
    def function_error(cls, payload: bytes, *, fatal: bool = False) -> "Ending":
        """Return the ending for an error that the function's runtime reported."""
        return cls(payload, "error", _error_type(payload), fatal)

    @classmethod
    def exited(cls, call: Call, end: Exit) -> "Ending":
        """Return the ending of an invocation whose process ended."""
        note = f"RequestId: {call.request_id} Error: {end.describe()}\n{end.error_type}"
        return cls(call.error(end.error_type, end.describe()), "error", end.error_type, fatal=True, note=note)

    @classmethod
    def timed_out(cls, call: Call, message: str) -> "Ending":
        """Return the ending of an invocation that took too long."""
        note = f"{stamp(datetime.now(UTC))} {call.request_id} {message}\n"
        return cls(
            call.error("Sandbox.Timedout", message), "timeout", "Sandbox.Timedout", fatal=True, note=note
        )


class Life:
    """A function's process, the Runtime API that it polls, and the events of both.

    Raises SandboxError if the process cannot be started.
    """

    def __init__(self, settings: FunctionSettings, make_sandbox: SandboxFactory, output: Output) -> None:
        self._settings = settings
        self._events: queue.SimpleQueue[RuntimeEvent | Exit] = queue.SimpleQueue()
        self._over = threading.Event()
        self._api = RuntimeApi(
            self._events.put,
            bind_host=settings.bind_host,
            advertise_host=settings.advertise_host,
            max_response_bytes=settings.max_response_bytes,
        )
        self._started = time.monotonic()
        self.init_ms: float | None = None
        """Duration of the init in milliseconds; None until it has ended."""
        self.sandbox: Sandbox = make_sandbox(output)
        try:
            self.sandbox.start(self._api.address, self._exited)
        except SandboxError:
            self._api.close()
            raise

    @property
    def over(self) -> bool:
        """Whether the process can take no further invocation."""
        return self._over.is_set()

    def end(self) -> None:
        """End the process. Nothing of it is left when this returns."""
        self._over.set()
        self.sandbox.kill()
        self._api.close()

    def initialise(self, call: Call) -> Ending | None:
        """Wait until the runtime polls for the first time. Return an ending if the init fails, otherwise None."""
        if self.init_ms is not None:
            return None
        event = self._next_event(self._started + self._settings.init_timeout)
        if isinstance(event, Polled):
            self.init_ms = (time.monotonic() - self._started) * 1000
            return None
        if isinstance(event, InitFailed):
            return Ending.function_error(event.payload, fatal=True)
        if isinstance(event, Exit):
            return Ending.exited(call, event)
        message = f"Init timed out after {self._settings.init_timeout:.2f} seconds: the function never asked for work"
        return Ending.timed_out(call, message)

    def answer(self, call: Call) -> Ending | None:
        """Run the invocation and return its ending, or None if the process ended before it took the invocation."""
        timeout = self._settings.timeout
        deadline = time.monotonic() + timeout
        self._api.submit(
            Invocation(
                request_id=call.request_id,
                payload=call.payload,
                deadline_ms=int((time.time() + timeout) * 1000),
                function_arn=call.function_arn,
                trace_id=call.trace_id,
                client_context=call.client_context,
            )
        )
        while event := self._next_event(deadline):
            if isinstance(event, Answered) and event.request_id == call.request_id:
                return Ending.function_error(event.payload) if event.is_error else Ending(event.payload)
            if isinstance(event, Exit):
                if self._api.withdraw():
                    return None
                return Ending.exited(call, event)
        return Ending.timed_out(call, f"Task timed out after {timeout:.2f} seconds")

    def _next_event(self, deadline: float) -> RuntimeEvent | Exit | None:
        try:
            return self._events.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            return None

    def _exited(self, end: Exit) -> None:
        self._over.set()
        self._events.put(end)


def _error_type(payload: bytes) -> str:
    """Return the type of a function's error, or an empty text if it is not the JSON that runtimes send."""
    try:
        error = json.loads(payload)
    except ValueError:
        return ""
    return str(error.get("errorType", "")) if isinstance(error, dict) else ""
