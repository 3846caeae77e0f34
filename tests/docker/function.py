"""A function in a container of its real image, polling a Runtime API of this process.

It shares the host's network, so that the Runtime API, the emulators and the function meet on the loopback interface
and nothing listens on another.
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

from localstack_image_lambda.runtime_api import RuntimeApi
from localstack_image_lambda.runtime_protocol import Answered, InitFailed, Invocation, Polled, RuntimeEvent

START_SECONDS = 60.0
LOCKED_DOWN = (
    "--read-only",
    "--tmpfs=/tmp:rw,nosuid,nodev,size=512m",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
)
"""What the local environment's containers run with."""


class FunctionError(Exception):
    """The function did not answer; the text has what its container printed."""


@dataclass(frozen=True)
class Answer:
    """What an invocation returned, or the error it raised."""

    payload: object
    is_error: bool


class ContainerFunction:
    """One container that answers invocations, as long as the block lasts."""

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
        """Run one invocation and return its answer; FunctionError if there is none in time."""
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
            said = self._next(seconds)
            if isinstance(said, Answered) and said.request_id == request_id:
                return Answer(json.loads(said.payload), said.is_error)

    def _start(self) -> float:
        variables = {**self._environ, "AWS_LAMBDA_RUNTIME_API": self._api.address}
        command = ["docker", "run", "--name", self.name, "--network=host", *self._options]
        command += [word for name in variables for word in ("--env", f"{name}={variables[name]}")]
        began = time.monotonic()
        self._process = subprocess.Popen(
            [*command, self._image], stdout=self._output, stderr=subprocess.STDOUT
        )
        said = self._next(START_SECONDS)
        if isinstance(said, Polled):
            return time.monotonic() - began
        assert isinstance(said, InitFailed)
        raise FunctionError(f"{self._image} cannot load its function: {said.payload.decode()}")

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
        """Return what the container and docker have printed so far."""
        self._output.seek(0)
        return self._output.read().decode(errors="replace")
