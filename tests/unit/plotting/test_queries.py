"""The queries of the routes that answer data: pages, cursors and instants."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plotting.parameters import cursor_of, members_of
from plotting.parsing import (
    HistoryQuery,
    PageQuery,
    Range,
    SizeQuery,
    bucket_query,
    buckets_query,
    history_query,
    plot_query,
    prefixes_query,
    size_query,
)
from plotting.problems import ProblemError
from size_history.times import from_text

SECOND = 1_000_000
NOW = from_text("2026-11-20T08:15:30.250000Z")
RANGE = Range("photos", NOW - 60 * SECOND, NOW, live=False)


def history(**query):
    return history_query(tuple(query.items()), data_bucket="data", now=NOW)


def kind_of(read, *arguments, **more):
    """Return the name of the problem that reading raises."""
    with pytest.raises(ProblemError) as raised:
        read(*arguments, **more)
    return raised.value.kind.name


def test_a_history_is_the_whole_window_oldest_first():
    assert history() == HistoryQuery(Range("data", NOW - 10 * SECOND, NOW), False, None, 1000, "json")


def test_a_cursor_goes_on_where_the_page_ended_in_the_same_range_and_order():
    page = HistoryQuery(RANGE, True, None, 5, "json")

    next_page = history(cursor=page.cursor(NOW - SECOND), limit="7", format="csv")

    assert next_page == HistoryQuery(RANGE, True, NOW - SECOND, 7, "csv")


def test_what_a_caller_repeats_beside_the_cursor_does_no_harm():
    page = HistoryQuery(RANGE, True, None, 5, "json")

    next_page = history(
        cursor=page.cursor(NOW - SECOND), bucket="photos", window="60", order="desc", limit="5"
    )

    assert next_page.range == RANGE


BAD = {
    "bad-limit": [{"limit": value} for value in ("0", "1001", "-1", "1.5", "\u0661")],
    "bad-order": [{"order": "down"}, {"order": ""}],
    "bad-format": [{"format": "png"}],
    "bad-cursor": [{"cursor": ""}],
    "unknown-parameter": [{"at": "2026-11-20T08:15:30Z"}],
}


@pytest.mark.parametrize(("kind", "query"), [(kind, query) for kind in BAD for query in BAD[kind]])
def test_a_bad_parameter_of_a_history_is_named(kind, query):
    assert kind_of(history, **query) == kind


def test_a_cursor_of_another_bucket_is_refused():
    page = HistoryQuery(RANGE, False, None, 5, "json")

    assert kind_of(history, cursor=page.cursor(NOW - SECOND), bucket="videos") == "bad-cursor"


def test_a_cursor_goes_on_beside_a_range_that_is_too_old_by_now():
    page = HistoryQuery(RANGE, False, None, 5, "json")
    followed = {"cursor": page.cursor(NOW - SECOND), "from": "1999-01-01T00:00:00Z"}

    assert history(**followed) == history(cursor=followed["cursor"])


@pytest.mark.parametrize("to", ["1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z"])
def test_a_window_that_ends_before_there_was_time_is_empty(to):
    assert kind_of(history, to=to) == "bad-range"
    assert kind_of(plot_query, (("to", to),), data_bucket="data", now=NOW) == "bad-range"


START, END = str(NOW - 60 * SECOND), str(NOW)
MADE_UP = {
    "another route's": ("prefixes", "photos", START, END, START, "asc"),
    "a part missing": ("history", "photos", START, END, START),
    "a part too many": ("history", "photos", START, END, START, "asc", "x"),
    "no bucket": ("history", "pho/tos", START, END, START, "asc"),
    "no number": ("history", "photos", "x", END, START, "asc"),
    "a negative number": ("history", "photos", "-1", END, START, "asc"),
    "a number beyond all calendars": ("history", "photos", START, "9" * 30, START, "asc"),
    "another script's digits": ("history", "photos", "\u0661", END, START, "asc"),
    "after the end": ("history", "photos", START, END, END, "asc"),
    "before the start": ("history", "photos", START, END, str(NOW - 61 * SECOND), "asc"),
    "an unknown order": ("history", "photos", START, END, START, "up"),
}


@pytest.mark.parametrize("parts", MADE_UP.values(), ids=MADE_UP)
def test_a_cursor_that_somebody_made_up_is_refused(parts):
    assert kind_of(history, cursor=cursor_of(*parts)) == "bad-cursor"


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_any_text_as_cursor_is_followed_or_refused(text):
    for read in (
        lambda: history(cursor=text),
        lambda: prefixes_query((("cursor", text),), data_bucket="data"),
        lambda: buckets_query((("cursor", text),)),
    ):
        try:
            read()
        except ProblemError as problem:
            assert problem.kind.name == "bad-cursor"  # noqa: PT017 - whether it is raised is not what matters


@given(st.text(min_size=1, max_size=300).filter(lambda text: len(text.encode(errors="replace")) <= 1024))
def test_a_page_of_prefixes_goes_on_after_any_prefix(prefix):
    try:
        prefix.encode()
    except UnicodeEncodeError:  # no S3 key: they are UTF-8
        return

    query = (("cursor", cursor_of("prefixes", "photos", prefix)),)

    assert prefixes_query(query, data_bucket="data") == PageQuery("photos", prefix, 1000)


@pytest.mark.parametrize("prefix", ["x" * 1025, "ü" * 513])
def test_a_page_of_prefixes_cannot_go_on_after_what_no_key_is_long_enough_for(prefix):
    query = (("cursor", cursor_of("prefixes", "photos", prefix)),)

    assert kind_of(prefixes_query, query, data_bucket="data") == "bad-cursor"


def test_a_page_of_buckets_goes_on_after_a_bucket():
    for bucket in ("photos", "My_Bucket"):
        query = (("cursor", cursor_of("buckets", bucket)), ("limit", "3"))
        assert buckets_query(query) == PageQuery("", bucket, 3)
    assert kind_of(buckets_query, (("cursor", cursor_of("buckets", "No Bucket")),)) == "bad-cursor"
    assert kind_of(buckets_query, (("limit", "101"),)) == "bad-limit"
    assert kind_of(buckets_query, (("bucket", "photos"),)) == "unknown-parameter"


def test_a_size_is_that_of_an_instant_or_the_latest():
    def size(**query):
        return size_query(tuple(query.items()), data_bucket="data", now=NOW)

    assert size() == SizeQuery("data", None)
    assert size(bucket="photos", at="2026-11-20T08:15:30Z") == SizeQuery("photos", NOW - 250_000)
    assert kind_of(size, at="2026-11-20T08:15:31Z") == "bad-at"
    assert kind_of(size, at="yesterday") == "bad-at"
    assert kind_of(size, at="2026-13-20T08:15:31Z") == "bad-at"


def test_routes_without_parameters_take_none():
    assert members_of((), ()) == {}
    assert kind_of(members_of, (("bucket", "photos"),), ()) == "unknown-parameter"
    assert bucket_query((), data_bucket="data") == "data"
