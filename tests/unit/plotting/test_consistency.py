"""Every read of a table is strongly consistent, except that of the index, which DynamoDB cannot read so.

Routes are called on a stand-in for DynamoDB that keeps every request, so a new read is held to this too.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest

from plotting import routes
from plotting.gateway import Request
from plotting.history import History
from plotting.ledger import Ledger
from plotting.plot_bucket import PlotBucket
from plotting.sources import Sources
from tests.unit.plotting.tables import BUCKET, NOW, Counts, Pictures, Tables


@pytest.fixture
def tables():
    return Tables()


@pytest.fixture
def sources(tables):
    with ThreadPoolExecutor(4) as threads:
        yield Sources(
            BUCKET,
            History(tables, "history", "index"),
            Ledger(tables, "ledger", threads),
            PlotBucket(Pictures(), "plots", BUCKET),
            Counts(),
            Counts(),
            Counts(),
            threads,
        )


READS = {
    ("POST", "/plot"): {"batch_get_item": 1, "query": 3},
    ("GET", "/plot"): {"batch_get_item": 1, "query": 3},
    ("GET", "/history"): {"batch_get_item": 1, "query": 2},
    ("GET", "/size"): {"batch_get_item": 1},
    ("GET", "/range"): {"batch_get_item": 1, "query": 2},
    ("GET", "/count"): {"batch_get_item": 1},
    ("GET", "/prefixes"): {"batch_get_item": 1, "query": 16},
    ("GET", "/buckets"): {"batch_get_item": 1, "get_item": 1, "query": 1},
    ("GET", "/health"): {},
    ("GET", "/openapi.yaml"): {},
    ("GET", "/"): {},
}
"""The requests to the tables that each route makes, counted: a bucket's state costs none of its own."""


def test_every_route_is_tried():
    assert set(READS) == {(method, path) for path, methods in routes.ROUTES.items() for method in methods}


@pytest.mark.parametrize(("method", "path"), READS)
def test_every_read_is_strongly_consistent_but_that_of_the_index(sources, tables, method, path):
    query = (("format", "json"),) if (method, path) == ("GET", "/plot") else ()

    answer = routes.answer(sources, Request(method, path, query), NOW)

    counted = {}
    for operation, request in tables.requests:
        counted[operation] = counted.get(operation, 0) + 1
        assert request.get("ConsistentRead") is (None if "IndexName" in request else True), request
    assert answer.status == 200
    assert counted == READS[(method, path)]


def test_the_size_before_an_instant_is_read_strongly_consistent(sources, tables):
    sources.history.sample_before(BUCKET, NOW)

    assert [request["ConsistentRead"] for _, request in tables.requests] == [True]
