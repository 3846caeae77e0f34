"""The wildcards of IAM policies: `*` stands for any text and `?` for one character."""

import functools
import re
from collections.abc import Iterable


def matches(patterns: Iterable[str], text: str, *, ignore_case: bool = False) -> bool:
    """Return whether one of the patterns matches the whole text. Wildcards in the text are ordinary characters."""
    return any(_compiled(pattern, ignore_case).fullmatch(text) for pattern in patterns)


@functools.lru_cache(maxsize=4096)
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:  # noqa: FBT001 a key of the cache
    parts = re.split(r"([*?])", pattern)
    wild = {"*": ".*", "?": "."}
    expression = "".join(wild.get(part) or re.escape(part) for part in parts)
    return re.compile(expression, re.DOTALL | (re.IGNORECASE if ignore_case else 0))
