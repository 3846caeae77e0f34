import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from size_history import items, keys, times
from size_history.items import Peak, Recomputed, Rollup, Sample, State, Totals
from size_history.messages import ReconcileRequest
from size_history.rollups import Interval, Point, Unit
from tests.bench.item_size import item_bytes

NATURAL = st.integers(0, 10**37)  # DynamoDB keeps 38 digits (an AWS limit)
MOMENT = st.integers(0, 253402300799_999999)


@given(
    st.builds(Sample, st.text(), MOMENT, *[NATURAL] * 6, st.lists(st.text(), max_size=10).map(tuple), NATURAL)
)
def test_a_sample_comes_back_as_it_was_written(sample):
    assert Sample.from_item(sample.to_item()) == sample


POINT = st.builds(Point, NATURAL, NATURAL, MOMENT)
INTERVAL = st.builds(Interval, MOMENT, POINT, POINT, NATURAL)


@given(
    st.builds(
        Totals,
        *[NATURAL] * 8,
        st.sampled_from(State),
        st.none() | st.lists(INTERVAL, min_size=3, max_size=3).map(tuple),
    )
)
def test_totals_come_back_as_they_were_written(totals):
    assert Totals.from_item(totals.to_item("b")) == totals


def test_the_totals_of_version_0_1_have_unknown_intervals():
    totals = Totals(1, 2, 3, 4, 5, max_size=6, last_time=7, revision=8, state=State.LIVE)

    assert "open" not in totals.to_item("b")
    assert Totals.from_item(totals.to_item("b")).open is None


def test_totals_cost_one_write_unit_whatever_their_name_and_numbers():
    """A row of more than 1,024 bytes would cost each event of version 0.1 twice as much."""
    big = 10**18  # an exabyte, or 10^18 objects
    point = Point(big, big, times.LATEST)
    open_ = tuple(Interval(unit.start_of(times.LATEST), point, point, big) for unit in Unit)
    totals = Totals(big, big, big, big, big, big, times.LATEST, times.LATEST, State.ADOPTING, open_)

    assert item_bytes(totals.to_item("b" * 255)) < 1024


@given(st.builds(Rollup, st.sampled_from(Unit), INTERVAL, POINT, NATURAL, NATURAL, NATURAL))
def test_a_rollup_comes_back_as_it_was_written(rollup):
    assert Rollup.from_item(rollup.to_item("b")) == rollup


def test_a_rollup_costs_one_write_unit_whatever_its_numbers():
    point = Point(10**18, 10**18, times.LATEST)
    rollup = Rollup(Unit.MINUTE, Interval(0, point, point, 10**18), point, 10**18, 10**18, 10**18)

    assert item_bytes(rollup.to_item("b" * 255)) < 1024


def test_the_row_of_a_recomputation_comes_back_as_it_was_written():
    assert Recomputed.from_item(Recomputed(7, 3, 5).to_item("b")) == Recomputed(7, 3, 5)


def test_a_peak_comes_back_as_it_was_written():
    peak = Peak(2**60 + 1, "b", 1795203419700634)

    assert Peak.from_item(peak.to_item()) == peak


def test_the_history_row_has_the_published_names():
    item = Sample("b", 0, 27, 1).to_item()

    assert item["bucket_name"] == {"S": "b"}
    assert item["time"] == {"S": "1970-01-01T00:00:00.000000Z"}
    assert item["total_size"] == {"N": "27"}
    assert item["object_cnt"] == {"N": "1"}


@given(MOMENT, MOMENT)
def test_the_order_of_texts_is_the_order_of_instants(one, other):
    assert (times.to_text(one) < times.to_text(other)) == (one < other)
    assert times.from_text(times.to_text(one)) == one


@pytest.mark.parametrize("text", ["", "2026-11-20T08:15:30Z", "2026-11-20 08:15:30.000001Z", "now"])
def test_another_form_of_time_is_refused(text):
    with pytest.raises(ValueError, match="not an instant"):
        times.from_text(text)


@pytest.mark.parametrize(
    ("key", "prefix"),
    [("a", "."), ("a/b/c", "a/"), ("/a", "/"), ("a/", "a/"), ("./a", "./"), (".", "."), ("", ".")],
)
def test_the_prefix_is_the_first_segment_with_its_slash(key, prefix):
    assert keys.prefix_of(key) == prefix


@pytest.mark.parametrize(("key", "shard"), [("", "0e"), ("assignment1.txt", "0f"), ("ü/🪣", "0a")])
def test_a_keys_shard_never_changes(key, shard):
    """Another function here would orphan every row that is stored already."""
    assert keys.shard(key) == shard


def test_the_rows_of_a_bucket_have_keys_of_their_own():
    assert items.object_key("b", "totals") != items.totals_key("b")
    assert items.prefix_key("b", "a/") != items.object_key("b", "a/")
    assert items.bucket_key("peak") != items.PEAK_KEY


@pytest.mark.parametrize("name", ["My_Bucket", "a.b", "UPPER", "_x-", "...", "x" * 255])
def test_every_name_that_s3_ever_admitted_is_a_bucket_name(name):
    assert keys.VALID_BUCKET_NAME.fullmatch(name)


@pytest.mark.parametrize(
    "name", ["", "..", "ab", "x" * 256, "a#b", "a/b", "*", "peak*", "a b", "abc\n", "bücket", "a:b"]
)
def test_anything_else_is_no_bucket_name(name):
    assert not keys.VALID_BUCKET_NAME.fullmatch(name)


NAME = st.from_regex(keys.VALID_BUCKET_NAME, fullmatch=True)


@given(NAME, NAME, st.text(min_size=1), st.text(min_size=1))
def test_two_buckets_never_share_a_row(one, other, key, other_key):
    def rows(bucket, key):
        named = [items.object_key(bucket, key), items.prefix_key(bucket, keys.prefix_of(key))]
        own = [items.totals_key(bucket), items.reconcile_key(bucket), items.bucket_key(bucket)]
        own += [items.recomputed_key(bucket), *(items.rollup_key(bucket, unit, 0) for unit in Unit)]
        return {(row[keys.PK]["S"], row[keys.SK]["S"]) for row in [*named, *own, items.PEAK_KEY]}

    assert len(rows(one, key)) == 10
    assert one == other or rows(one, key) & rows(other, other_key) == {(keys.EVERY_BUCKET, keys.PEAK)}


@pytest.mark.parametrize("size", [0, 1001, -1])
def test_a_request_for_pages_that_s3_does_not_list_is_refused(size):
    with pytest.raises(ValueError, match="1 to 1000"):
        ReconcileRequest("b", size)


def test_a_message_is_plain_ascii_json():
    body = ReconcileRequest("b").to_json()

    assert body.isascii()
    assert json.loads(body)["tidemark"] == "reconcile"


def test_the_rows_of_the_ledger_have_these_keys():
    """Another key here would orphan every row that is stored already."""
    assert items.object_key("b", "p/k") == {"pk": {"S": "b#object#" + keys.shard("p/k")}, "sk": {"S": "p/k"}}
    assert items.prefix_key("b", "p/") == {"pk": {"S": "b#prefix#" + keys.shard("p/")}, "sk": {"S": "p/"}}
    assert items.totals_key("b") == {"pk": {"S": "b"}, "sk": {"S": "totals"}}
    assert items.reconcile_key("b") == {"pk": {"S": "b"}, "sk": {"S": "reconcile"}}
    assert items.bucket_key("b") == {"pk": {"S": "*"}, "sk": {"S": "bucket/b"}}
    assert items.recomputed_key("b") == {"pk": {"S": "b"}, "sk": {"S": "rollups"}}
    assert items.rollup_key("b", Unit.HOUR, 3_600_000_000) == {
        "pk": {"S": "b#rollup#hour"},
        "sk": {"S": "1970-01-01T01:00:00.000000Z"},
    }
    assert items.PEAK_KEY == {"pk": {"S": "*"}, "sk": {"S": "peak"}}


def test_the_rows_of_the_ledger_have_these_attributes():
    totals = Totals(1, 2, 3, 4, 5, max_size=6, last_time=7, revision=8, state=State.ADOPTING)
    numbers = {"size": 1, "count": 2, "created": 3, "overwritten": 4, "removed": 5}
    numbers |= {"max_size": 6, "last_time": 7, "revision": 8}
    assert totals.to_item("b") == {
        **items.totals_key("b"),
        **{name: {"N": str(value)} for name, value in numbers.items()},
        "state": {"S": "adopting"},
    }
    interval = Interval(0, Point(1, 2, 3), Point(4, 5, 6), 7)
    numbers = [{"N": str(number)} for number in (0, 1, 2, 3, 4, 5, 6, 7)]
    assert replace(totals, open=(interval,) * 3).to_item("b")["open"] == {"L": [{"L": numbers}] * 3}
    assert Rollup(Unit.DAY, interval, Point(8, 9, 10), 11, 12, 13).to_item("b") == {
        **items.rollup_key("b", Unit.DAY, 0),
        "minimum": {"L": numbers[1:4]},
        "maximum": {"L": numbers[4:7]},
        "last": {"L": [{"N": "8"}, {"N": "9"}, {"N": "10"}]},
        "sample_cnt": {"N": "7"},
        **{name: {"N": str(value)} for name, value in (("created_cnt", 11), ("overwritten_cnt", 12))},
        "removed_cnt": {"N": "13"},
    }
    assert Peak(9, "b", 0).to_item() == {
        **items.PEAK_KEY,
        "size": {"N": "9"},
        "bucket_name": {"S": "b"},
        "time": {"S": "1970-01-01T00:00:00.000000Z"},
    }


def test_a_sample_has_these_attributes():
    sample = Sample("b", 0, 1, 2, 3, 4, 5, 6, ("k", "l"), 7)
    numbers = {"total_size": 1, "object_cnt": 2, "created_cnt": 3, "overwritten_cnt": 4, "removed_cnt": 5}
    assert sample.to_item() == {
        "bucket_name": {"S": "b"},
        "time": {"S": "1970-01-01T00:00:00.000000Z"},
        **{name: {"N": str(value)} for name, value in (numbers | {"revision": 6, "changed_cnt": 7}).items()},
        "changed_keys": {"L": [{"S": "k"}, {"S": "l"}]},
    }


def test_a_sample_without_counters_has_zeros():
    item = {
        "bucket_name": {"S": "b"},
        "time": {"S": "1970-01-01T00:00:00.000001Z"},
        "total_size": {"N": "3"},
        "object_cnt": {"N": "4"},
    }

    assert Sample.from_item(item) == Sample("b", 1, 3, 4)
    assert Sample("b", 1, 3, 4) == Sample("b", 1, 3, 4, 0, 0, 0, 0, (), 0)


def test_the_names_of_the_published_schema_do_not_change():
    assert (items.SIZE_INDEX, items.EXPIRY, items.MAX_CHANGED_KEYS) == ("GSI_SizeByBucket", "expiry", 10)
    assert (keys.MAX_KEY_BYTES, keys.SHARDS) == (1024, 16)  # an AWS limit, and what stored rows rely on
    assert keys.all_shards() == [*(f"0{digit}" for digit in "0123456789abcdef")]
