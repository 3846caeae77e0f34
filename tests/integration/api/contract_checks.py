"""What schemathesis checks beside its own: loaded by it, not by pytest."""

import schemathesis

INCOHERENT = {
    "bad-range": ("given", "empty", "longer"),
    "bad-from": ("in the future", "seconds back", "no calendar"),
    "bad-to": ("no calendar",),
    "bad-at": ("in the future", "no calendar"),
    "bad-cursor": ("cannot be followed",),
}
"""The problems that a request may have although every parameter fits its schema, and how they are told."""


@schemathesis.check
def valid_data_is_accepted(_context, response, case):
    """Fail if a request whose every parameter fits its schema is refused for anything but what they say together."""
    if response.status_code != 400 or not case.meta.generation.mode.is_positive:
        return
    problem = response.json()
    told = INCOHERENT.get(problem["type"].rpartition(":")[2], ())
    assert any(words in problem["detail"] for words in told), f"refused: {problem}"
