"""The ranges that a body or a query may ask for, and how each mistake is answered."""

import json
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from plotting.parsing import Range, from_body, plot_query
from plotting.problems import ProblemError
from size_history.times import from_text

NOW = from_text("2026-11-20T08:15:30.250000Z")
SECOND = 1_000_000
HOUR = 3600 * SECOND
LAST_10 = NOW - 10 * SECOND


def body(text):
    return from_body(text.encode(), data_bucket="data", now=NOW)


def query(*pairs):
    range_, _ = plot_query(pairs, data_bucket="data", now=NOW)
    return range_


GOOD_BODIES = {
    "nothing at all": ("", Range("data", LAST_10, NOW)),
    "only white space": (" \r\n", Range("data", LAST_10, NOW)),
    "an empty object": ("{}", Range("data", LAST_10, NOW)),
    "a bucket": ('{"bucket": "my.photos-2"}', Range("my.photos-2", LAST_10, NOW)),
    "the shortest name": ('{"bucket": "abc"}', Range("abc", LAST_10, NOW)),
    "the longest name": (json.dumps({"bucket": "a" * 255}), Range("a" * 255, LAST_10, NOW)),
    "a name from before 2018": ('{"bucket": "My_Bucket..1"}', Range("My_Bucket..1", LAST_10, NOW)),
    "the shortest window": ('{"window": 1}', Range("data", NOW - SECOND, NOW)),
    "a fraction of a second": ('{"window": 2.5}', Range("data", NOW - 2_500_000, NOW)),
    "a year": ('{"window": 31536000}', Range("data", NOW - 31_536_000 * SECOND, NOW)),
    "the longest window": ('{"window": 3162240000}', Range("data", 0, NOW)),
}
GOOD_INSTANTS = {
    "2026-11-20T08:15:00Z": NOW - 30_250_000,
    "2026-11-20T08:15:00.000001Z": NOW - 30_249_999,
    "2026-11-20T08:15:00.5Z": NOW - 29_750_000,
    "2026-11-20T13:45:00.25+05:30": NOW - 30 * SECOND,
    "2026-11-20T08:15:30.25Z": NOW,
    "1970-01-01T00:00:00.000001Z": 1,
    "0001-01-01T00:00:00+14:00": 0,
}

BAD_BODIES = {
    "window=10": 'it begins "window=10". Send it with Content-Type',
    '{"window": 1': "not JSON",
    "[10]": "not a JSON object: [10]",
    "10": "not a JSON object: 10",
    "null": "not a JSON object: null",
    '{"window": 1, "window": 2}': "given twice",
    "[" * 30_000: "not JSON",
    " " * 70_000 + "{}": "at most 65536",
    '{"window": ' + "9" * 5000 + "}": "not JSON",
    '{"window": NaN}': "NaN is not a JSON number",
    '{"window": -Infinity}': "-Infinity is not a JSON number",
}
BAD_WINDOWS = {
    "0": "window is 0: it is a number of seconds from 1 to",
    "-10": "window is -10",
    "0.999": "0.999",
    "3162240001": "to 3162240000",
    "1e300": "1e+300",
    "1e400": "Infinity",
    '"10"': '"10"',
    "true": "true",
    "null": "null",
    "[" * 900 + "]" * 900: "window is",
}
BAD_BUCKETS = {
    "empty": ('""', '""'),
    "null": ("null", "null"),
    "too short": ('"ab"', "3 to 255"),
    "too long": (json.dumps("a" * 256), "3 to 255"),
    "with a slash": ('"../../etc"', "../../etc"),
    "with a line end": ('"photos\\n"', "photos\\n"),
    "with digits of another script": ('"\u0661\u0662\u0663"', "\\u0661"),
    "with half a character": ('"\\ud800ab"', "\\ud800"),
    "with a mark of a Ledger key": ('"my#photos"', "my#photos"),
}
BAD_INSTANTS = {
    "1795162530": "it is an instant like",
    '""': "it is an instant like",
    '"2026-11-20"': "it is an instant like",
    '"2026-11-20T08:15:00"': "it is an instant like",
    '"2026-11-20T08:15:00.1234567Z"': "it is an instant like",
    '"2026-11-20T08:15:00.Z"': "it is an instant like",
    '"2026-11-20T08:15:00Z\\n"': "it is an instant like",
    '"2026-02-30T08:15:00Z"': "no calendar has it",
    '"2026-11-20T08:61:00Z"': "no calendar has it",
    '"0000-01-01T00:00:00Z"': "no calendar has it",
    '"2026-11-20T08:15:00+48:00"': "no calendar has it",
    '"2026-11-20T08:15:30.250001Z"': "in the future (it is 2026-11-20T08:15:30.250000Z)",
    '"9999-12-31T23:59:59-14:00"': "in the future",
}
BOTH = '{"window": 10, "from": "2026-11-20T08:15:00Z"}'
BAD = (
    *(("bad-body", None, text, said) for text, said in BAD_BODIES.items()),
    *(("bad-window", "window", f'{{"window": {text}}}', said) for text, said in BAD_WINDOWS.items()),
    *(("bad-bucket", "bucket", f'{{"bucket": {text}}}', said) for text, said in BAD_BUCKETS.values()),
    *(("bad-from", "from", f'{{"from": {text}}}', said) for text, said in BAD_INSTANTS.items()),
    ("unknown-parameter", "windw", '{"windw": 10}', "bucket, window, from"),
    ("bad-range", "from", BOTH, "give one of them"),
)

FROM, TO = ("from", "2026-11-20T08:15:00Z"), ("to", "2026-11-20T08:15:00Z")
GOOD_QUERIES = {
    "nothing": ((), Range("data", LAST_10, NOW)),
    "a bucket": ((("bucket", "photos"),), Range("photos", LAST_10, NOW)),
    "a window, up to the next thousandth of itself": (
        (("window", "60"),),
        Range("data", NOW - 60 * SECOND + 50_000, NOW + 50_000),
    ),
    "a long window, up to the next hour since the start of 1970": (
        (("window", "315360000"),),
        Range("data", NOW - NOW % HOUR + HOUR - 315_360_000 * SECOND, NOW - NOW % HOUR + HOUR),
    ),
    "a fraction": ((("window", "1.5"),), Range("data", NOW - 1_500_000 + 500, NOW + 500)),
    "a window with 20 decimals": ((("window", "10.00000000000000000001"),), Range("data", LAST_10, NOW)),
    "a window up to an instant": (
        (("window", "60"), TO),
        Range("data", NOW - 90_250_000, NOW - 30_250_000, live=False),
    ),
    "the default window up to an instant": (
        (TO,),
        Range("data", NOW - 40_250_000, NOW - 30_250_000, live=False),
    ),
    "from and to, however long ago": (
        (("from", "1970-01-11T00:00:00Z"), ("to", "1970-01-31T00:00:00Z")),
        Range("data", 10 * 86_400 * SECOND, 30 * 86_400 * SECOND, live=False),
    ),
    "a microsecond": (
        (FROM, ("to", "2026-11-20T08:15:00.000001Z")),
        Range("data", NOW - 30_250_000, NOW - 30_249_999, live=False),
    ),
    "a future to is the present": (
        (FROM, ("to", "2027-01-01T00:00:00Z")),
        Range("data", NOW - 30_250_000, NOW),
    ),
    "half a century": (
        (("from", "1976-11-20T00:00:00Z"), TO),
        Range("data", from_text("1976-11-20T00:00:00.000000Z"), NOW - 30_250_000, live=False),
    ),
    "before 1970 is 1970": (
        (("from", "0001-01-01T00:00:00Z"), ("to", "1970-01-01T00:00:01Z")),
        Range("data", 0, SECOND, live=False),
    ),
    "an instant": ((("from", "2026-11-20T09:15:00+01:00"),), Range("data", NOW - 30_250_000, NOW)),
}

BAD_QUERIES = {
    "window empty": ((("window", ""),), "bad-window", '""'),
    "window nan": ((("window", "nan"),), "bad-window", '"nan"'),
    "window inf": ((("window", "inf"),), "bad-window", '"inf"'),
    "window with a sign": ((("window", "+10"),), "bad-window", '"+10"'),
    "window with an exponent": ((("window", "1e1"),), "bad-window", '"1e1"'),
    "window with a unit": ((("window", "10s"),), "bad-window", '"10s"'),
    "window of another script's digits": ((("window", "\u0661\u0660"),), "bad-window", "\\u0661"),
    "window huge": ((("window", "9" * 400),), "bad-window", "(402 characters)"),
    "window zero": ((("window", "0"),), "bad-window", "0.0"),
    "window and from": ((("window", "1"), FROM), "bad-range", "give one of them"),
    "to is from": ((FROM, TO), "bad-range", "the range is empty"),
    "to before from": ((FROM, ("to", "2026-11-19T08:15:00Z")), "bad-range", "the range is empty"),
    "to no instant": ((("to", "now"),), "bad-to", 'to is "now": it is an instant like'),
    "a format of another route": ((("format", "csv"),), "bad-format", "png, svg, json"),
    "cursor of another route": ((("cursor", "abc"),), "unknown-parameter", "cursor"),
    "window twice": ((("window", "10"), ("window", "10")), "unknown-parameter", "given twice"),
    "an unknown parameter": ((("windw", "10"),), "unknown-parameter", "windw"),
    "a plus sign that the URL made a space": (
        (("from", "2026-11-20T09:15:00 01:00"),),
        "bad-from",
        "in a URL: %2B01:00",
    ),
}


@pytest.mark.parametrize(("text", "expected"), GOOD_BODIES.values(), ids=GOOD_BODIES)
def test_a_good_body_is_read(text, expected):
    assert body(text) == expected


@pytest.mark.parametrize(("instant", "start"), GOOD_INSTANTS.items())
def test_a_range_begins_at_the_instant_of_a_body(instant, start):
    assert body(json.dumps({"from": instant})) == Range("data", start, NOW)


@pytest.mark.parametrize(
    ("kind", "parameter", "text", "said"), BAD, ids=[f"{case[0]}: {case[2].strip()[:40]}" for case in BAD]
)
def test_a_bad_body_is_a_problem_that_names_the_mistake_and_what_is_allowed(kind, parameter, text, said):
    with pytest.raises(ProblemError) as raised:
        body(text)

    problem = json.loads(raised.value.to_json())
    assert problem["type"] == f"urn:tidemark:problem:{kind}"
    assert problem["status"] == 400
    assert problem.get("parameter") == parameter
    assert said in problem["detail"]


@pytest.mark.parametrize(("pairs", "expected"), GOOD_QUERIES.values(), ids=GOOD_QUERIES)
def test_a_good_query_is_read(pairs, expected):
    assert query(*pairs) == expected


@pytest.mark.parametrize(("pairs", "kind", "said"), BAD_QUERIES.values(), ids=BAD_QUERIES)
def test_a_bad_query_is_a_problem_that_names_the_mistake(pairs, kind, said):
    with pytest.raises(ProblemError) as raised:
        query(*pairs)

    assert raised.value.kind.name == kind
    assert raised.value.kind.status == 400
    assert said in raised.value.detail


def test_a_body_that_is_not_utf_8_is_a_problem():
    with pytest.raises(ProblemError, match="bad-body"):
        from_body(b"\xff\xfe\xff", data_bucket="data", now=NOW)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def assert_range_or_problem(read, raw):
    try:
        result = read(raw, data_bucket="data", now=NOW)
    except ProblemError as problem:
        assert json.loads(problem.to_json())["status"] == 400  # noqa: PT017 - either outcome is right
    else:
        range_ = result[0] if isinstance(result, tuple) else result
        assert 0 <= range_.start <= NOW


@given(st.dictionaries(st.sampled_from(["bucket", "window", "from", "other"]), JSON_VALUES))
@example({"window": 2**70})
def test_any_json_body_is_read_or_a_problem(members):
    assert_range_or_problem(from_body, json.dumps(members).encode())


@given(st.binary(max_size=40) | st.text(alphabet=string.printable).map(str.encode))
def test_any_bytes_are_read_or_a_problem(raw):
    assert_range_or_problem(from_body, raw)


@given(st.lists(st.tuples(st.sampled_from(["bucket", "window", "from"]), st.text()), max_size=3))
def test_any_query_is_read_or_a_problem(pairs):
    assert_range_or_problem(plot_query, tuple(pairs))
