"""Where in our code a request to AWS is made, read from the stack."""

import sys
from typing import NamedTuple

OURS = ("size_tracking", "plotting", "driver")
"""The packages whose functions are named. What they share (`size_history`) is left out."""


class CallSite(NamedTuple):
    """An operation of a service, the method of the adapter that needs it, and the function that called the method."""

    service: str
    operation: str
    adapter: str
    caller: str

    def __str__(self) -> str:
        by = f" < {self.caller}" if self.caller else ""
        return f"{self.service} {self.operation} {self.adapter}{by}"


def call_site(service: str, operation: str) -> CallSite:
    """Return the site of the request that this thread is about to send.

    The adapter's method is the outermost one before the stack leaves the adapter's module. A thread of a pool has no caller.
    """
    names: list[tuple[str, str]] = []
    frame = sys._getframe(1)
    while frame:
        module = frame.f_globals.get("__name__", "")
        if module.partition(".")[0] in OURS:
            names.append((module, f"{module.rpartition('.')[2]}.{frame.f_code.co_qualname}"))
        frame = frame.f_back
    assert names, f"{service} {operation} is called by nobody of ours"
    adapter = [name for module, name in names if module == names[0][0]]
    inner = 0
    while inner < len(names) and names[inner][0] == names[0][0]:
        inner += 1
    caller = names[inner][1] if inner < len(names) else ""
    return CallSite(service, operation, adapter[inner - 1], caller)
