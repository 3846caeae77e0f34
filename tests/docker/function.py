"""Runs a function in a container of its real image. The function polls a Runtime API of this process.

The container uses the host's network, so that the Runtime API and the emulators need to listen on loopback only.
"""

import json
import queue
import subprocess
import tempfile
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from image_lambda_runtime.runtime_api import RuntimeApi
from image_lambda_runtime.runtime_protocol import Answered, InitFailed, Invocation, Polled, RuntimeEvent

START_SECONDS = 60.0
LOCKED_DOWN = (
    "--read-only",
    "--tmpfs=/tmp:rw,nosuid,nodev,size=512m",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
)
"""The restrictions of the local environment's containers."""


class FunctionError(Exception):
    """The function did not answer. The message has the container's output."""


@dataclass(frozen=True)
class Answer:
    """The result of an invocation, or its error."""

    payload: object
    is_error: bool


class ContainerFunction:
    """One container that answers invocations until the block ends."""

    def __init__(
        self, image: str, environ: Mapping[str, str] | None = None, options: tuple[str, ...] = LOCKED_DOWN
    ) -> None:
        self.name = f"tidemark-test-{uuid.uuid4().hex[:12]}"
        self._image = image
        self._environ = {"AWS_LAMBDA_FUNCTION_NAME": self.name, **(environ or {})}
        self._options = options
        self._events: queue.SimpleQueue[RuntimeEvent] = queue.SimpleQueue()
        self._api = RuntimeApi(self._events.put)
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed on leaving the block
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.seconds_to_first_poll = self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["docker", "rm", "--force", self.name], capture_output=True, check=False)
        if self._process is not None:
            self._process.wait()
        self._api.close()
        self._output.close()

    def invoke(self, event: object, *, seconds: float = 60.0) -> Answer:
        """Run one invocation and return its answer. Raises FunctionError if it takes too long."""
        request_id = str(uuid.uuid4())
        self._api.submit(
            Invocation(
                request_id=request_id,
                payload=json.dumps(event).encode(),
                deadline_ms=int((time.time() + seconds) * 1000),
                function_arn=f"arn:aws:lambda:us-east-1:000000000000:function:{self.name}",
            )
        )
        while True:
            reported = self._next(seconds)
            if isinstance(reported, Answered) and reported.request_id == request_id:
                return Answer(json.loads(reported.payload), reported.is_error)

    def _start(self) -> float:
        variables = {**self._environ, "AWS_LAMBDA_RUNTIME_API": self._api.address}
        command = ["docker", "run", "--name", self.name, "--network=host", *self._options]
        command += [word for name in variables for word in ("--env", f"{name}={variables[name]}")]
        began = time.monotonic()
        self._process = subprocess.Popen(
            [*command, self._image], stdout=self._output, stderr=subprocess.STDOUT
        )
        reported = self._next(START_SECONDS)
        if isinstance(reported, Polled):
            return time.monotonic() - began
        assert isinstance(reported, InitFailed)
        raise FunctionError(f"{self._image} cannot load its function: {reported.payload.decode()}")

    def _next(self, seconds: float) -> RuntimeEvent:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                return self._events.get(timeout=0.2)
            except queue.Empty:
                if self._process is not None and self._process.poll() is not None:
                    raise FunctionError(f"{self._image} ended:\n{self.output()}") from None
        raise FunctionError(f"{self._image} did not answer in {seconds:.0f} s:\n{self.output()}")

    def output(self) -> str:
        """Return the output of the container and of docker so far."""
        self._output.seek(0)
        return self._output.read().decode(errors="replace")
