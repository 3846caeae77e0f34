"""The conditions of policy statements, as far as a local request can say whether they hold.

A condition on a key that the request does not know, or with an operator for numbers, dates or addresses, is *unknown*.
"""

from collections.abc import Callable, Iterable, Mapping

from localstack_image_lambda.iam.patterns import matches

Facts = Mapping[str, str | None]
"""What is known of a request: the value of each condition key (in lower case), or None if the request has none."""

_ALL, _ANY = "forallvalues:", "foranyvalue:"


def _equal(expected: Iterable[str], value: str) -> bool:
    return value in expected


def _equal_in_any_case(expected: Iterable[str], value: str) -> bool:
    return value.casefold() in {text.casefold() for text in expected}


_TESTS: Mapping[str, Callable[[Iterable[str], str], bool]] = {
    "stringequals": _equal,
    "stringequalsignorecase": _equal_in_any_case,
    "stringlike": matches,
    "arnequals": matches,  # AWS treats both alike
    "arnlike": matches,
    "bool": _equal_in_any_case,
}
_NEGATIONS = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
}


def hold(block: Mapping[str, Mapping[str, object]], facts: Facts, tell: Callable[[str], None]) -> bool | None:
    """Return whether all conditions of a statement hold, or None if that is unknown.

    `tell` is called with each condition that cannot be evaluated, as `operator key`.
    """
    unknown = False
    for operator, tests in block.items():
        for key, expected in tests.items():
            holds = _holds(operator.lower(), key.lower(), texts(expected), facts)
            if holds is None:
                tell(f"{operator} {key}")
                unknown = True
            elif not holds:
                return False
    return None if unknown else True


def texts(value: object) -> tuple[str, ...]:
    """Return one value or a list of values as texts. JSON's `true` and `"true"` mean the same."""
    values = value if isinstance(value, (list, tuple)) else [value]
    return tuple(str(each).lower() if isinstance(each, bool) else str(each) for each in values)


def _holds(operator: str, key: str, expected: tuple[str, ...], facts: Facts) -> bool | None:
    if key not in facts:
        return None
    value = facts[key]
    if operator == "null":
        return ("true" in expected) is (value is None)
    name = operator.removeprefix(_ALL).removeprefix(_ANY)
    optional = name.endswith("ifexists")
    name = name.removesuffix("ifexists")
    negated = name in _NEGATIONS
    test = _TESTS.get(_NEGATIONS.get(name, name))
    if test is None:
        return None
    if value is None:
        return optional or operator.startswith(_ALL) or (negated and not operator.startswith(_ANY))
    return test(expected, value) is not negated
