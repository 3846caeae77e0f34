"""Pages of prefixes: rows at zero are left out and cost a bounded number of queries; nothing is missing or twice."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plotting import data_routes, routes
from plotting import ledger as ledger_module
from plotting.gateway import Request
from plotting.ledger import Ledger
from plotting.sources import Sources
from size_history import keys
from tests.unit.plotting.tables import BUCKET, NOW, TOTALS, Counts, Tables


class Shards:
    """Answers queries for prefix rows as DynamoDB does: a limit counts rows before the filter."""

    def __init__(self, rows):
        self._rows = rows
        self.queries = 0

    def query(self, *, ExpressionAttributeValues, Limit, FilterExpression, **_):
        assert FilterExpression == "#count > :zero"
        self.queries += 1
        partition = self._rows.get(ExpressionAttributeValues[":pk"]["S"], {})
        after = ExpressionAttributeValues.get(":after", {"S": ""})["S"]
        names = sorted(name for name in partition if name > after)
        read, more = names[:Limit], len(names) >= Limit
        items = [
            {"sk": {"S": name}, "size": {"N": "1"}, "count": {"N": str(partition[name])}}
            for name in read
            if partition[name]
        ]
        return {"Items": items, **({"LastEvaluatedKey": {"sk": {"S": read[-1]}}} if more else {})}


def pages_of(shards, limit):
    """Return the names on each page of prefixes, and the queries that each took."""
    with ThreadPoolExecutor(4) as threads:
        ledger = Ledger(shards, "ledger", threads)
        pages, queries, after = [], [], ""
        while after is not None and len(pages) < 1000:
            before = shards.queries
            page = ledger.prefixes(BUCKET, TOTALS, after, limit)
            pages.append([prefix.name for prefix in page.found])
            queries.append(shards.queries - before)
            after = page.last
        return pages, queries


def spread(counts):
    """Return prefix rows by partition, from the number of objects of each prefix."""
    rows = {}
    for name, count in counts.items():
        rows.setdefault(keys.prefix_pk(BUCKET, keys.shard(name)), {})[name] = count
    return rows


def test_a_live_prefix_behind_1100_emptied_ones_is_on_the_first_page():
    counts = {f"emptied-{number:04}/": 0 for number in range(1100)} | {"zz-live/": 1}

    pages, (queries, *_) = pages_of(Shards(spread(counts)), 100)

    assert pages == [["zz-live/"]]
    assert queries <= 16


def test_rows_at_zero_cost_a_page_no_more_than_its_bound_of_queries(monkeypatch):
    monkeypatch.setattr(ledger_module, "MAX_ROWS", 3)
    counts = {f"emptied-{number:04}/": 0 for number in range(3000)} | {"zz-live/": 1}

    pages, queries = pages_of(Shards(spread(counts)), 2)

    assert [name for page in pages for name in page] == ["zz-live/"]
    assert max(queries) <= 16 * ledger_module.MAX_QUERIES
    assert 1 < len(pages) < 40


@given(
    st.dictionaries(st.text("abz/ü", min_size=1, max_size=5), st.integers(0, 2), max_size=60),
    st.integers(1, 9),
)
def test_the_pages_hold_every_prefix_with_objects_once_and_in_order(counts, limit):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger_module, "MAX_ROWS", 2)
        patch.setattr(ledger_module, "MAX_QUERIES", 2)

        pages, queries = pages_of(Shards(spread(counts)), limit)

    assert [name for page in pages for name in page] == sorted(name for name in counts if counts[name])
    assert all(len(page) <= limit for page in pages)
    assert max(queries) <= 16 * 2


def test_a_page_of_prefixes_is_cut_where_it_would_be_larger_than_lambda_answers(monkeypatch):
    names = [f"{number:02}{chr(1) * 900}/" for number in range(8)]
    monkeypatch.setattr(data_routes, "MAX_PAGE_BYTES", 12_000)
    found, query = [], ()
    with ThreadPoolExecutor(4) as threads:
        ledger = Ledger(PrefixedTables(spread(dict.fromkeys(names, 1))), "ledger", threads)
        sources = Sources(BUCKET, None, ledger, None, Counts(), Counts(), Counts(), threads)
        for _ in range(len(names)):
            answer = json.loads(routes.answer(sources, Request("GET", "/prefixes", query), NOW).body)
            assert len(answer["prefixes"]) < 3
            found += [entry["prefix"] for entry in answer["prefixes"]]
            if answer["next"] is None:
                break
            query = (("cursor", answer["next"]),)

    assert found == names


class PrefixedTables(Tables, Shards):
    """One live bucket with prefixes."""

    def __init__(self, rows):
        Tables.__init__(self)
        Shards.__init__(self, rows)

    query = Shards.query
