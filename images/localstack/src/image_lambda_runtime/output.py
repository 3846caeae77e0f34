"""A function's output: read without pause, and bounded."""

import os
import threading

HEAD_BYTES = 512 * 1024
TAIL_BYTES = 512 * 1024
_READ_BYTES = 64 * 1024
_DRAIN_BYTES = 4 * 1024 * 1024


class Output:
    """The output since it was last taken. Beyond `head_bytes` plus `tail_bytes`, the middle is left out."""

    def __init__(self, *, head_bytes: int = HEAD_BYTES, tail_bytes: int = TAIL_BYTES) -> None:
        self._head_bytes = head_bytes
        self._tail_bytes = tail_bytes
        self._head = bytearray()
        self._tail = bytearray()
        self._left_out = 0
        self._lock = threading.Lock()

    def write(self, data: bytes) -> None:
        """Append output of the function."""
        with self._lock:
            room = self._head_bytes - len(self._head)
            if room > 0:
                self._head += data[:room]
                data = data[room:]
            self._tail += data
            excess = len(self._tail) - self._tail_bytes
            if excess > self._tail_bytes:  # drop large pieces, so that each byte is moved about once
                del self._tail[:excess]
                self._left_out += excess

    def take(self) -> str:
        """Return the text so far and clear it. Bytes that are not UTF-8 become replacement characters."""
        with self._lock:
            excess = max(0, len(self._tail) - self._tail_bytes)
            left_out = self._left_out + excess
            head, tail = bytes(self._head), bytes(self._tail[excess:])
            self._head.clear()
            self._tail.clear()
            self._left_out = 0
        if left_out:
            gap = f"\n[{left_out} bytes of output are left out here]\n".encode()
            return (head + gap + tail).decode(errors="replace")
        return (head + tail).decode(errors="replace")


class OutputPipe:
    """A pipe that a function writes to. `drain` moves its content to an `Output`."""

    def __init__(self, output: Output) -> None:
        self.read_end, self.write_end = os.pipe()
        os.set_blocking(self.read_end, False)
        self._output = output
        self._lock = threading.Lock()
        self._open = True

    def drain(self) -> bool:
        """Move what was written before this call and return False once every writer has closed its end.

        It is bounded, so that a function that writes faster than we read cannot block the caller.
        """
        with self._lock:
            moved = 0
            while self._open and moved < _DRAIN_BYTES:
                try:
                    data = os.read(self.read_end, _READ_BYTES)
                except BlockingIOError:
                    return True
                if not data:
                    return False
                self._output.write(data)
                moved += len(data)
            return self._open

    def close_write_end(self) -> None:
        """Close our writing end once the function has inherited it."""
        os.close(self.write_end)

    def close(self) -> None:
        """Stop reading."""
        with self._lock:
            if self._open:
                self._open = False
                os.close(self.read_end)
