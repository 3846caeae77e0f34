"""What a request may hold, and what each mistake is answered."""

import json
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from plotting.parameters import MAX_WINDOW_SECONDS
from plotting.parsing import Range, from_body, plot_query
from plotting.problems import ProblemError
from size_history.times import from_text

NOW = from_text("2026-11-20T08:15:30.250000Z")
SECOND = 1_000_000


def body(text):
    return from_body(text.encode(), data_bucket="data", now=NOW)


def query(*pairs):
    range_, _ = plot_query(pairs, data_bucket="data", now=NOW)
    return range_


def until_now(bucket, start, end=NOW):
    return Range(bucket, start, end, live=True)


GOOD_BODIES = {
    "nothing at all": ("", until_now("data", NOW - 10 * SECOND)),
    "only white space": (" \r\n", until_now("data", NOW - 10 * SECOND)),
    "an empty object": ("{}", until_now("data", NOW - 10 * SECOND)),
    "a bucket": ('{"bucket": "my.photos-2"}', until_now("my.photos-2", NOW - 10 * SECOND)),
    "the shortest name": ('{"bucket": "abc"}', until_now("abc", NOW - 10 * SECOND)),
    "the longest name": (json.dumps({"bucket": "a" * 255}), until_now("a" * 255, NOW - 10 * SECOND)),
    "a name from before 2018": ('{"bucket": "My_Bucket..1"}', until_now("My_Bucket..1", NOW - 10 * SECOND)),
    "the shortest window": ('{"window": 1}', until_now("data", NOW - SECOND)),
    "a fraction of a second": ('{"window": 2.5}', until_now("data", NOW - 2_500_000)),
    "the longest window": ('{"window": 2678400}', until_now("data", NOW - 31 * 86_400 * SECOND)),
    "an instant": (
        '{"from": "2026-11-20T08:15:00Z"}',
        until_now("data", from_text("2026-11-20T08:15:00.000000Z")),
    ),
    "an instant as the answers write it": (
        '{"from": "2026-11-20T08:15:00.000001Z"}',
        until_now("data", from_text("2026-11-20T08:15:00.000001Z")),
    ),
    "an instant with one digit": (
        '{"from": "2026-11-20T08:15:00.5Z"}',
        until_now("data", from_text("2026-11-20T08:15:00.500000Z")),
    ),
    "an instant with an offset": (
        '{"from": "2026-11-20T13:45:00.25+05:30"}',
        until_now("data", from_text("2026-11-20T08:15:00.250000Z")),
    ),
    "the present": ('{"from": "2026-11-20T08:15:30.25Z"}', until_now("data", NOW)),
    "the longest way back": (
        '{"from": "2026-10-20T08:15:30.25Z"}',
        until_now("data", NOW - MAX_WINDOW_SECONDS * SECOND),
    ),
}

BAD_BODIES = {
    "not JSON": ("window=10", "bad-body", None, 'it begins "window=10". Send it with Content-Type'),
    "JSON cut short": ('{"window": 1', "bad-body", None, "not JSON"),
    "a list": ("[10]", "bad-body", None, "not a JSON object: [10]"),
    "a number": ("10", "bad-body", None, "not a JSON object: 10"),
    "null": ("null", "bad-body", None, "not a JSON object: null"),
    "a member twice": ('{"window": 1, "window": 2}', "bad-body", None, "given twice"),
    "a list without end": ("[" * 30_000, "bad-body", None, "not JSON"),
    "a body too large": (" " * 70_000 + "{}", "bad-body", None, "at most 65536"),
    "a number of 5,000 digits": ('{"window": ' + "9" * 5000 + "}", "bad-body", None, "not JSON"),
    "an unknown member": ('{"windw": 10}', "unknown-parameter", "windw", "bucket, window, from"),
    "window and from": (
        '{"window": 10, "from": "2026-11-20T08:15:00Z"}',
        "bad-range",
        "from",
        "give one of them",
    ),
    "window zero": (
        '{"window": 0}',
        "bad-window",
        "window",
        "window is 0: it is a number of seconds from 1 to",
    ),
    "window negative": ('{"window": -10}', "bad-window", "window", "window is -10"),
    "window below a second": ('{"window": 0.999}', "bad-window", "window", "0.999"),
    "window above the longest": ('{"window": 2678401}', "bad-window", "window", "to 2678400"),
    "window huge": ('{"window": 1e300}', "bad-window", "window", "1e+300"),
    "window beyond a double": ('{"window": 1e400}', "bad-window", "window", "Infinity"),
    "window not a number": ('{"window": NaN}', "bad-body", None, "NaN is not a JSON number"),
    "window infinite": ('{"window": -Infinity}', "bad-body", None, "-Infinity is not a JSON number"),
    "window a text": ('{"window": "10"}', "bad-window", "window", '"10"'),
    "window true": ('{"window": true}', "bad-window", "window", "true"),
    "window null": ('{"window": null}', "bad-window", "window", "null"),
    "window a deep list": ('{"window": ' + "[" * 900 + "]" * 900 + "}", "bad-window", "window", "window is"),
    "bucket empty": ('{"bucket": ""}', "bad-bucket", "bucket", '""'),
    "bucket null": ('{"bucket": null}', "bad-bucket", "bucket", "null"),
    "bucket too short": ('{"bucket": "ab"}', "bad-bucket", "bucket", "3 to 255"),
    "bucket too long": (json.dumps({"bucket": "a" * 256}), "bad-bucket", "bucket", "3 to 255"),
    "bucket with a slash": ('{"bucket": "../../etc"}', "bad-bucket", "bucket", "../../etc"),
    "bucket with a line end": ('{"bucket": "photos\\n"}', "bad-bucket", "bucket", "photos\\n"),
    "bucket of digits of another script": (
        '{"bucket": "\u0661\u0662\u0663"}',
        "bad-bucket",
        "bucket",
        "\\u0661",
    ),
    "bucket half a character": ('{"bucket": "\\ud800ab"}', "bad-bucket", "bucket", "\\ud800"),
    "bucket with a mark of a Ledger key": ('{"bucket": "my#photos"}', "bad-bucket", "bucket", "my#photos"),
    "from a number": ('{"from": 1795162530}', "bad-from", "from", "it is an instant like"),
    "from empty": ('{"from": ""}', "bad-from", "from", "it is an instant like"),
    "from a date": ('{"from": "2026-11-20"}', "bad-from", "from", "it is an instant like"),
    "from without a zone": ('{"from": "2026-11-20T08:15:00"}', "bad-from", "from", "it is an instant like"),
    "from with seven digits": (
        '{"from": "2026-11-20T08:15:00.1234567Z"}',
        "bad-from",
        "from",
        "instant like",
    ),
    "from with a point and no digits": (
        '{"from": "2026-11-20T08:15:00.Z"}',
        "bad-from",
        "from",
        "instant like",
    ),
    "from with a line end": ('{"from": "2026-11-20T08:15:00Z\\n"}', "bad-from", "from", "instant like"),
    "from on no day": ('{"from": "2026-02-30T08:15:00Z"}', "bad-from", "from", "no calendar has it"),
    "from at no minute": ('{"from": "2026-11-20T08:61:00Z"}', "bad-from", "from", "no calendar has it"),
    "from in the year 0": ('{"from": "0000-01-01T00:00:00Z"}', "bad-from", "from", "no calendar has it"),
    "from with a two-day offset": (
        '{"from": "2026-11-20T08:15:00+48:00"}',
        "bad-from",
        "from",
        "no calendar",
    ),
    "from in the future": (
        '{"from": "2026-11-20T08:15:30.250001Z"}',
        "bad-from",
        "from",
        "in the future (it is 2026-11-20T08:15:30.250000Z)",
    ),
    "from at the end of time": ('{"from": "9999-12-31T23:59:59-14:00"}', "bad-from", "from", "in the future"),
    "from at its beginning": (
        '{"from": "0001-01-01T00:00:00+14:00"}',
        "bad-from",
        "from",
        "2678400 seconds back",
    ),
    "from too long ago": (
        '{"from": "2026-10-20T08:15:30.249999Z"}',
        "bad-from",
        "from",
        "2678400 seconds back",
    ),
}

GOOD_QUERIES = {
    "nothing": ((), until_now("data", NOW - 10 * SECOND)),
    "a bucket": ((("bucket", "photos"),), until_now("photos", NOW - 10 * SECOND)),
    "a window, up to the next thousandth of itself": (
        (("window", "60"),),
        until_now("data", NOW - 60 * SECOND + 50_000, NOW + 50_000),
    ),
    "a fraction": ((("window", "1.5"),), until_now("data", NOW - 1_500_000 + 500, NOW + 500)),
    "a window with 20 decimals": (
        (("window", "10.00000000000000000001"),),
        until_now("data", NOW - 10 * SECOND),
    ),
    "a window up to an instant": (
        (("window", "60"), ("to", "2026-11-20T08:15:00Z")),
        Range("data", NOW - 90_250_000, NOW - 30_250_000, live=False),
    ),
    "the default window up to an instant": (
        (("to", "2026-11-20T08:15:00Z"),),
        Range("data", NOW - 40_250_000, NOW - 30_250_000, live=False),
    ),
    "from and to, however long ago": (
        (("from", "2020-01-01T00:00:00Z"), ("to", "2020-01-31T00:00:00Z")),
        Range(
            "data",
            from_text("2020-01-01T00:00:00.000000Z"),
            from_text("2020-01-31T00:00:00.000000Z"),
            live=False,
        ),
    ),
    "a microsecond": (
        (("from", "2026-11-20T08:15:00Z"), ("to", "2026-11-20T08:15:00.000001Z")),
        Range("data", NOW - 30_250_000, NOW - 30_249_999, live=False),
    ),
    "a future to is the present": (
        (("from", "2026-11-20T08:15:00Z"), ("to", "2027-01-01T00:00:00Z")),
        until_now("data", NOW - 30_250_000),
    ),
    "before 1970 is 1970": (
        (("from", "0001-01-01T00:00:00Z"), ("to", "1970-01-01T00:00:01Z")),
        Range("data", 0, SECOND, live=False),
    ),
    "an instant": (
        (("from", "2026-11-20T09:15:00+01:00"),),
        until_now("data", from_text("2026-11-20T08:15:00.000000Z")),
    ),
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
    "window and from": ((("window", "1"), ("from", "2026-11-20T08:15:00Z")), "bad-range", "give one of them"),
    "to is from": (
        (("from", "2026-11-20T08:15:00Z"), ("to", "2026-11-20T08:15:00Z")),
        "bad-range",
        "the range is empty",
    ),
    "to before from": (
        (("from", "2026-11-20T08:15:00Z"), ("to", "2026-11-19T08:15:00Z")),
        "bad-range",
        "the range is empty",
    ),
    "a range too long": (
        (("from", "2020-01-01T00:00:00Z"), ("to", "2020-02-01T00:00:00.000001Z")),
        "bad-range",
        "longer than 2678400 seconds",
    ),
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


@pytest.mark.parametrize(("text", "kind", "parameter", "said"), BAD_BODIES.values(), ids=BAD_BODIES)
def test_a_bad_body_is_a_problem_that_names_what_is_wrong_and_what_is_allowed(text, kind, parameter, said):
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
def test_a_bad_query_is_a_problem_that_names_what_is_wrong(pairs, kind, said):
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


def outcome(read, raw):
    """Return the range that was read, or the problem."""
    try:
        result = read(raw, data_bucket="data", now=NOW)
        return result[0] if isinstance(result, tuple) else result
    except ProblemError as problem:
        return problem


def assert_range_or_problem(result):
    if isinstance(result, ProblemError):
        assert json.loads(result.to_json())["status"] == 400
    else:
        assert NOW - MAX_WINDOW_SECONDS * SECOND <= result.start <= NOW


@given(st.dictionaries(st.sampled_from(["bucket", "window", "from", "other"]), JSON_VALUES))
@example({"window": 2**70})
def test_any_json_body_is_read_or_a_problem(members):
    assert_range_or_problem(outcome(from_body, json.dumps(members).encode()))


@given(st.binary(max_size=40) | st.text(alphabet=string.printable).map(str.encode))
def test_any_bytes_are_read_or_a_problem(raw):
    assert_range_or_problem(outcome(from_body, raw))


@given(st.lists(st.tuples(st.sampled_from(["bucket", "window", "from"]), st.text()), max_size=3))
def test_any_query_is_read_or_a_problem(pairs):
    assert_range_or_problem(outcome(plot_query, tuple(pairs)))
