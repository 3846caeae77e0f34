"""A sandbox that is a container of the function's image, beside LocalStack's own, under Lambda's restrictions."""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from docker import DockerClient
from docker.errors import APIError, DockerException
from docker.models.containers import Container
from docker.types import LogConfig

from localstack_image_lambda.container_status import SIGNALLED, exit_of
from localstack_image_lambda.output import Output
from localstack_image_lambda.sandbox import Exit, SandboxError

LABEL = "image-lambda"
"""Every container of ours carries it; its value is the name of the LocalStack that started it."""

FUNCTION_LABEL = "image-lambda.function"

NOBODY = "65534:65534"
PROCESSES = 1024
"""How many processes and threads a function may have: Lambda's own limit."""
SCRATCH_BYTES = 512 * 1024 * 1024
"""The size of /tmp, which is all that a function may write to: Lambda's default."""

_KILL_SECONDS = 10.0
_QUIET_SECONDS = 0.02
_DRAIN_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """Which image to run in which network, with which variables, memory (MB) and labels.

    `command`, `entry_point` and `directory` replace the image's own where they are not empty.
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
        """Start the container; SandboxError that names its image and the engine's reason if it cannot be."""
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
        """End the container, and with it everything in it; returns when it is gone."""
        if self._container is None or self._ended.is_set():
            return
        with contextlib.suppress(DockerException, OSError):  # it may be ending by itself
            self._container.kill()
        if not self._ended.wait(_KILL_SECONDS):
            self._remove(self._container)
            self._ended.wait(_KILL_SECONDS)

    def drain(self) -> None:
        """Wait until no output is on its way any more: after an answer for a moment, after the end exactly."""
        deadline = time.monotonic() + _DRAIN_SECONDS
        began = time.monotonic()
        while not self._ended.is_set() and (now := time.monotonic()) < deadline:
            quiet_since = max(began, self._last_written)
            if now - quiet_since >= _QUIET_SECONDS:
                return
            time.sleep(_QUIET_SECONDS / 4)

    def peak_memory_bytes(self) -> int | None:
        """Return the most memory that it was seen to use, its page cache included, as its limit counts it.

        The engine looks once a second; asking it for more would take as long.
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
            "tmpfs": {"/tmp": f"size={SCRATCH_BYTES},mode=1777,nosuid,nodev,exec"},  # noqa: S108 the container's
            "ipc_mode": "none",  # or /dev/shm could be written to, which Lambda does not have
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges"],
            "mem_limit": memory,
            "memswap_limit": memory,
            "pids_limit": PROCESSES,
            "init": True,
            "auto_remove": True,
            "log_config": LogConfig(type=LogConfig.types.NONE),  # its output is read as it comes
        }
        if spec.command:
            settings["command"] = list(spec.command)
        if spec.entry_point:
            settings["entrypoint"] = list(spec.entry_point)
        if spec.directory:
            settings["working_dir"] = spec.directory
        return settings

    def _read(self, written: object) -> None:
        with contextlib.suppress(DockerException, OSError):
            for data in written:  # type: ignore[attr-defined]
                self._output.write(data)
                self._last_written = time.monotonic()

    def _measure(self, container: Container) -> None:
        with contextlib.suppress(DockerException, OSError, ValueError):
            for told in self._engine.api.stats(container.id, decode=True, stream=True):
                memory = told.get("memory_stats", {})
                used = memory.get("max_usage", memory.get("usage", 0))
                self._peak_memory = max(self._peak_memory or 0, used) or None

    def _watch(self, container: Container, reader: threading.Thread, on_exit: Callable[[Exit], None]) -> None:
        status = SIGNALLED + signal.SIGKILL
        try:
            status = container.wait(timeout=None, condition="removed")["StatusCode"]
        except (DockerException, OSError):  # the engine went away, and every container with it
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
    """Return the engine's own words for an error, in one line."""
    text = error.explanation if isinstance(error, APIError) and error.explanation else str(error)
    return " ".join(str(text).split())
