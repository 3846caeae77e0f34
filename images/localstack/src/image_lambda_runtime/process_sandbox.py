"""A sandbox that is a local process, started and watched by its own warden (see warden.py)."""

import contextlib
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from image_lambda_runtime.output import Output, OutputPipe
from image_lambda_runtime.sandbox import Exit, SandboxError

_WARDEN = Path(__file__).with_name("warden.py")
_STATUS_READ_BYTES = 4096
_KILL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """Command, directory and complete environment of a process. Its `TMPDIR` is created below `scratch_root`."""

    command: tuple[str, ...]
    directory: str
    environment: Mapping[str, str]
    scratch_root: str


class ProcessSandbox:
    """Runs a command in a session of its own, with a scratch directory that is removed at its end."""

    def __init__(self, spec: ProcessSpec, output: Output) -> None:
        self._spec = spec
        self._pipe = OutputPipe(output)
        self._warden: subprocess.Popen[bytes] | None = None
        self._control = -1
        self._scratch = ""
        self._lock = threading.Lock()
        self._pid: int | None = None
        self._ended = threading.Event()
        self._peak_memory: int | None = None

    def start(self, runtime_api: str, on_exit: Callable[[Exit], None]) -> None:
        """Start the command. Raises SandboxError if the warden cannot be started."""
        control, self._control = os.pipe()
        status, status_write = os.pipe()
        try:
            self._scratch = tempfile.mkdtemp(prefix="function-", dir=self._spec.scratch_root)
            self._warden = subprocess.Popen(
                [
                    sys.executable,
                    "-I",
                    "-S",
                    str(_WARDEN),
                    str(status_write),
                    self._scratch,
                    *self._spec.command,
                ],
                stdin=control,
                stdout=self._pipe.write_end,
                stderr=self._pipe.write_end,
                pass_fds=[status_write],
                cwd=self._spec.directory,
                env=self._environment(runtime_api),
                start_new_session=True,
            )
        except OSError as error:
            os.close(status)
            self._close_control()
            self._pipe.close()
            raise SandboxError(
                f"cannot start {self._spec.command[0]} in {self._spec.directory}: {error}"
            ) from error
        finally:
            os.close(control)
            os.close(status_write)
            self._pipe.close_write_end()
        threading.Thread(
            target=self._watch, args=(status, on_exit), name=f"sandbox-{self._warden.pid}", daemon=True
        ).start()

    def kill(self) -> None:
        """End the command and everything that it started. Nothing is left when this returns."""
        self._close_control()
        if self._warden is None:
            return
        if not self._ended.wait(_KILL_SECONDS):
            self._warden.kill()
            self._kill_group()
            self._ended.wait(_KILL_SECONDS)

    def drain(self) -> None:
        """Move what the command has written so far into the output."""
        self._pipe.drain()

    def peak_memory_bytes(self) -> int | None:
        """Return the largest resident size of the command's own process. Only Linux knows it before the end."""
        if self._pid is not None and not self._ended.is_set():
            with contextlib.suppress(OSError, ValueError, StopIteration):
                lines = Path(f"/proc/{self._pid}/status").read_text().splitlines()
                peak = next(line for line in lines if line.startswith("VmHWM:"))
                self._peak_memory = int(peak.split()[1]) * 1024
        return self._peak_memory

    def _environment(self, runtime_api: str) -> dict[str, str]:
        return {
            "TMPDIR": self._scratch,
            "HOME": self._scratch,
            **self._spec.environment,
            "AWS_LAMBDA_RUNTIME_API": runtime_api,
        }

    def _close_control(self) -> None:
        """Close the control pipe, which makes the warden kill the command."""
        with self._lock:
            if self._control >= 0:
                os.close(self._control)
                self._control = -1

    def _kill_group(self) -> None:
        if self._pid is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, signal.SIGKILL)

    def _watch(self, status: int, on_exit: Callable[[Exit], None]) -> None:
        """Read the output and the warden's report until both end."""
        end = None
        try:
            end = self._follow(status)
        finally:
            os.close(status)
            if end is None:  # the warden was killed: do its work
                self._kill_group()
                shutil.rmtree(self._scratch, ignore_errors=True)
            self._pipe.drain()
            self._pipe.close()
            self._close_control()
            if self._warden is not None:
                self._warden.wait()
            self._ended.set()
            on_exit(end or Exit(-signal.SIGKILL))

    def _follow(self, status: int) -> Exit | None:
        report = b""
        with selectors.DefaultSelector() as selector:
            selector.register(status, selectors.EVENT_READ)
            selector.register(self._pipe.read_end, selectors.EVENT_READ)
            while True:
                ready = {key.fd for key, _ in selector.select()}
                if self._pipe.read_end in ready and not self._pipe.drain():
                    selector.unregister(self._pipe.read_end)
                if status not in ready:
                    continue
                data = os.read(status, _STATUS_READ_BYTES)
                *lines, report = (report + data).split(b"\n")
                for line in lines:
                    if end := self._parse_report(line.decode()):
                        return end
                if not data:
                    return None

    def _parse_report(self, line: str) -> Exit | None:
        word, _, rest = line.partition(" ")
        if word == "started":
            self._pid = int(rest)
        elif word == "failed":
            return Exit(127, "Runtime.InvalidEntrypoint", f"cannot start {rest}")
        elif word == "ended":
            exit_status, peak = rest.split()
            self._peak_memory = int(peak)
            return Exit(int(exit_status))
        return None
