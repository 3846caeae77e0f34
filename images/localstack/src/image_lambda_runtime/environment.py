"""An execution environment runs a function's invocations one after the other and starts cold when needed."""

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from image_lambda_runtime.life import Call, Ending, FunctionSettings, Life
from image_lambda_runtime.output import Output
from image_lambda_runtime.reports import Report, framed
from image_lambda_runtime.sandbox import Exit, SandboxError, SandboxFactory


@dataclass(frozen=True, slots=True)
class Outcome:
    """The function's JSON answer or error, and the log of the invocation."""

    payload: bytes
    is_error: bool
    log: str


class Environment:
    """Runs the invocations of one execution environment.

    As on Lambda, the next invocation replaces a process that crashed, timed out, failed to initialise or was recycled.
    The environment and its log stream stay the same.
    """

    def __init__(self, settings: FunctionSettings, make_sandbox: SandboxFactory) -> None:
        self._settings = settings
        self._make_sandbox = make_sandbox
        self._output = Output()
        self._busy = threading.Lock()
        self._life: Life | None = None
        self._stale = False
        self._stopped = False

    def start(self) -> None:
        """Start the init before the first invocation. Raises SandboxError."""
        with self._busy:
            self._live()

    def invoke(self, call: Call) -> Outcome:
        """Run one invocation and return its outcome, whether it succeeds or fails."""
        with self._busy:
            before = self._life
            began = datetime.now(UTC)
            try:
                ending, duration_ms = self._run(call)
            except SandboxError as error:
                ending, duration_ms = (
                    Ending.exited(call, Exit(1, "Runtime.InvalidEntrypoint", str(error))),
                    0.0,
                )
            life = self._life
            report = Report(
                request_id=call.request_id,
                version=self._settings.version,
                duration_ms=duration_ms,
                memory_mb=self._settings.memory_mb,
                peak_memory_bytes=self._settle(ending),
                init_ms=life.init_ms if life is not None and life is not before else None,
                status=ending.status,
                error_type=ending.error_type,
            )
            output = "\n".join(part for part in (self._output.take().rstrip("\n"), ending.note) if part)
            log = framed(report, output, began, as_json=self._settings.json_logs)
            return Outcome(ending.payload, ending.status != "success", log)

    def recycle(self) -> None:
        """Make the next invocation start cold. A running one may finish."""
        self._stale = True
        if self._busy.acquire(blocking=False):
            try:
                self._discard()
            finally:
                self._busy.release()

    def stop(self) -> None:
        """End the function's process now, even during an invocation."""
        self._stopped = True
        if life := self._life:
            life.end()

    def _run(self, call: Call) -> tuple[Ending, float]:
        """Return how the invocation ended and its duration in milliseconds without the init."""
        while True:
            life = self._live()
            if failed := life.initialise(call):
                return failed, 0.0
            began = time.monotonic()
            if ending := life.answer(call):
                return ending, (time.monotonic() - began) * 1000
            # The process ended while it was idle, before it took the invocation: start another one.

    def _live(self) -> Life:
        if self._life is None or ((self._life.over or self._stale) and not self._stopped):
            self._stale = False
            self._discard()
            self._life = Life(self._settings, self._make_sandbox, self._output)
        if self._stopped:  # checked last, because `stop` may have missed a process that has just started
            self._discard()
            raise SandboxError("the execution environment was stopped")
        return self._life

    def _settle(self, ending: Ending) -> int | None:
        """Collect the rest of the output, end a process after a fatal error, and return the peak memory in bytes."""
        life = self._life
        if life is None:
            return None
        if ending.fatal:
            self._discard()
        life.sandbox.drain()
        return life.sandbox.peak_memory_bytes()

    def _discard(self) -> None:
        if self._life is not None:
            self._life.end()
            self._life = None
