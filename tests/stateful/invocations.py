"""Concurrent invocations that run one request at a time, in an order that can be replayed."""

import threading
from collections.abc import Callable

from tests.stateful.faults import Aim, Crash, FaultInjector, Plan

_TIMEOUT_SECONDS = 60


class Invocation:
    """One call of the tracker in a thread of its own, which runs only while `resume` waits for it.

    `work` is called with the injector of the `plan`.
    """

    def __init__(self, work: Callable[[FaultInjector], None], plan: Plan) -> None:
        self.injector = FaultInjector(plan, gate=self._wait_for_turn)
        self.done = False
        self._work = work
        self._halt: Aim | None = None
        self._killed = False
        self._error: BaseException | None = None
        self._go = threading.Semaphore(0)
        self._back = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def resume(self, halt: Aim | None = None) -> None:
        """Run until the call is about to make the request `halt` (counted from here on), or to its end.

        Raises what the call raised, except a crash.
        """
        if self.done:
            return
        self._halt = halt
        self._go.release()
        assert self._back.acquire(timeout=_TIMEOUT_SECONDS), "an invocation hangs"
        if self.done:
            self._thread.join()
        if self._error:
            raise self._error

    def kill(self) -> None:
        """Crash the call at the request where it waits."""
        self._killed = True
        self.resume()

    def _run(self) -> None:
        self._go.acquire()
        try:
            if not self._killed:
                self._work(self.injector)
        except Crash:
            pass  # the queue delivers its messages again
        except BaseException as error:  # noqa: BLE001  # raised again in the thread of the test
            self._error = error
        self.done = True
        self._back.release()

    def _wait_for_turn(self, operation: str) -> None:
        if self._halt and self._halt[0] == operation:
            number = self._halt[1]
            self._halt = (operation, number - 1)
            if number == 0:
                self._back.release()
                self._go.acquire()
        if self._killed:
            raise Crash
