"""A sandbox that is a container of the function's image, with Lambda's restrictions."""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from docker import DockerClient
from docker.errors import APIError, DockerException
from docker.models.containers import Container
from docker.types import LogConfig

from image_lambda_runtime.container_status import SIGNALLED, exit_of
from image_lambda_runtime.output import Output
from image_lambda_runtime.sandbox import Exit, SandboxError

LABEL = "image-lambda"
"""The label of every container of ours. Its value is the name of the emulator that started it."""

FUNCTION_LABEL = "image-lambda.function"

NOBODY = "65534:65534"
MAX_PROCESSES = 1024
"""Maximum number of processes and threads of a function: Lambda's own limit."""
SCRATCH_BYTES = 512 * 1024 * 1024
"""The size of /tmp, the only directory that a function may write to: Lambda's default."""

_KILL_SECONDS = 10.0
_QUIET_SECONDS = 0.05
"""How long a silence means that no more output is coming. On a busy machine the engine passes a line on after 20 ms and more."""
_DRAIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """Image, network, variables, memory (MB) and labels of a container.

    `command`, `entry_point` and `directory` replace the image's own if they are not empty.
    """

    image: str
    network: str
    memory_mb: int
    environment: Mapping[str, str]
    labels: Mapping[str, str]
    command: tuple[str, ...] = ()
    entry_point: tuple[str, ...] = ()
    directory: str = ""


class ContainerSandbox:
    """Runs a container that removes itself at its end."""

    def __init__(self, engine: DockerClient, spec: ContainerSpec, output: Output) -> None:
        self._engine = engine
        self._spec = spec
        self._output = output
        self._container: Container | None = None
        self._ended = threading.Event()
        self._last_written = time.monotonic()
        self._peak_memory: int | None = None

    def start(self, runtime_api: str, on_exit: Callable[[Exit], None]) -> None:
        """Start the container. Raises SandboxError that names the image and the engine's reason."""
        try:
            self._container = container = self._engine.containers.create(**self._settings(runtime_api))
        except (DockerException, OSError) as error:
            raise SandboxError(f"cannot create a container of {self._spec.image}: {reason(error)}") from error
        try:
            written = container.attach(stream=True, stdout=True, stderr=True)
            reader = threading.Thread(target=self._read, args=(written,), daemon=True)
            reader.start()
            container.start()
        except (DockerException, OSError) as error:
            self._remove(container)
            raise SandboxError(f"cannot start a container of {self._spec.image}: {reason(error)}") from error
        threading.Thread(target=self._measure, args=(container,), daemon=True).start()
        threading.Thread(
            target=self._watch,
            args=(container, reader, on_exit),
            name=f"sandbox-{container.short_id}",
            daemon=True,
        ).start()

    def kill(self) -> None:
        """End the container and return when it is gone."""
        if self._container is None or self._ended.is_set():
            return
        with contextlib.suppress(DockerException, OSError):  # it may end by itself at the same time
            self._container.kill()
        if not self._ended.wait(_KILL_SECONDS):
            self._remove(self._container)
            self._ended.wait(_KILL_SECONDS)

    def drain(self) -> None:
        """Wait until no more output is coming: until a short silence after an answer, or until the container has ended."""
        deadline = time.monotonic() + _DRAIN_SECONDS
        began = time.monotonic()
        while not self._ended.is_set() and (now := time.monotonic()) < deadline:
            quiet_since = max(began, self._last_written)
            if now - quiet_since >= _QUIET_SECONDS:
                return
            time.sleep(_QUIET_SECONDS / 4)

    def peak_memory_bytes(self) -> int | None:
        """Return the highest memory use that the engine reported, page cache included (as the limit counts it).

        The engine measures once a second. A single request for the current value would take as long.
        """
        return self._peak_memory

    def _settings(self, runtime_api: str) -> dict[str, object]:
        spec = self._spec
        memory = f"{spec.memory_mb}m"
        settings: dict[str, object] = {
            "image": spec.image,
            "environment": {**spec.environment, "AWS_LAMBDA_RUNTIME_API": runtime_api},
            "labels": dict(spec.labels),
            "network": spec.network,
            "user": NOBODY,
            "read_only": True,
            "tmpfs": {"/tmp": f"size={SCRATCH_BYTES},mode=1777,nosuid,nodev,exec"},  # noqa: S108 the container's own
            "ipc_mode": "none",  # no /dev/shm, as on Lambda
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges"],
            "mem_limit": memory,
            "memswap_limit": memory,
            "pids_limit": MAX_PROCESSES,
            "init": True,
            "auto_remove": True,
            "log_config": LogConfig(type=LogConfig.types.NONE),  # the output is read while it is written
        }
        if spec.command:
            settings["command"] = list(spec.command)
        if spec.entry_point:
            settings["entrypoint"] = list(spec.entry_point)
        if spec.directory:
            settings["working_dir"] = spec.directory
        return settings

    def _read(self, written: Iterable[bytes]) -> None:
        with contextlib.suppress(DockerException, OSError):
            for data in written:
                self._output.write(data)
                self._last_written = time.monotonic()

    def _measure(self, container: Container) -> None:
        with contextlib.suppress(DockerException, OSError, ValueError):
            for sample in self._engine.api.stats(container.id, decode=True, stream=True):
                memory = sample.get("memory_stats", {})
                used = memory.get("max_usage", memory.get("usage", 0))
                self._peak_memory = max(self._peak_memory or 0, used) or None

    def _watch(self, container: Container, reader: threading.Thread, on_exit: Callable[[Exit], None]) -> None:
        status = SIGNALLED + signal.SIGKILL
        try:
            status = container.wait(timeout=None, condition="removed")["StatusCode"]
        except (DockerException, OSError):  # the engine ended, and all containers with it
            self._remove(container)
        finally:
            reader.join(_KILL_SECONDS)
            end = exit_of(status)
            if end.error_type == "Runtime.OutOfMemory":
                self._peak_memory = self._spec.memory_mb * 1024 * 1024
            self._ended.set()
            on_exit(end)

    def _remove(self, container: Container) -> None:
        with contextlib.suppress(DockerException, OSError):
            container.remove(force=True)


def reason(error: Exception) -> str:
    """Return the engine's message for an error, in one line."""
    text = error.explanation if isinstance(error, APIError) and error.explanation else str(error)
    return " ".join(str(text).split())
