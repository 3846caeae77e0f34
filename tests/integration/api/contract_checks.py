"""A check for schemathesis, which loads this module itself, and the signatures of its requests."""

from typing import Any

import schemathesis

from tests.e2e.environment import signed

INCOHERENT = {
    "bad-range": ("given", "empty", "longer"),
    "bad-from": ("in the future", "seconds back", "no calendar"),
    "bad-to": ("no calendar",),
    "bad-at": ("in the future", "no calendar"),
    "bad-cursor": ("cannot be followed",),
}
"""The problems that a request may have although every parameter fits its schema, with words of their details."""


@schemathesis.hook
def before_call(_context: Any, _case: Any, kwargs: dict[str, Any]) -> None:
    """Sign a request, as every route demands."""
    kwargs["auth"] = signed


@schemathesis.check
def valid_data_is_accepted(_context, response, case):
    """Fail if a request whose every parameter fits its schema is refused for any other reason."""
    if not case.meta.generation.mode.is_positive:
        return
    assert response.status_code != 403, "it is not signed"
    if response.status_code != 400:
        return
    problem = response.json()
    words_of_kind = INCOHERENT.get(problem["type"].rpartition(":")[2], ())
    assert any(words in problem["detail"] for words in words_of_kind), f"refused: {problem}"
