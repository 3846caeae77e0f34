"""What is answered of a time whose samples have expired: by whole minutes, exact at each of their starts."""

import json

import pytest

from plotting import routes
from plotting.gateway import Request
from plotting.history import History
from plotting.ledger import Ledger
from plotting.problems import ProblemError
from plotting.retention import MARGIN, horizon
from plotting.sources import Sources
from size_history import keys, times
from size_history.items import SIZE_INDEX, State, Totals
from size_history.rollups import Point, Unit
from size_history.sources import Source
from tests.unit.plotting.stored import BUCKET, HISTORY, LEDGER, AtOnce, Listed, engine_of, written
from tests.unit.plotting.tables import Counts

SECOND = 1_000_000
MINUTE, _, DAY = (unit.length for unit in Unit)
BEGIN = 1_795_046_400 * SECOND
"""A midnight."""
SAMPLES = [
    Point(size, size, BEGIN + seconds * SECOND) for size, seconds in ((3, 70), (9, 80), (5, 90), (6, 200))
]
LATER = Point(7, 7, BEGIN + 40 * DAY)
NOW = BEGIN + 60 * DAY


def answer(path, samples=(*SAMPLES, LATER), now=NOW, days=30, known=None, totals=None, **query):
    """Return the answer to a request: samples older than some days have expired."""
    written_totals, rollups = written(samples)
    totals = totals or written_totals
    engine = engine_of([point for point in samples if point.time >= now - days * DAY], rollups)
    engine.partitions[LEDGER][BUCKET] = Listed([(keys.TOTALS, totals.to_item(BUCKET))])
    engine.partitions[LEDGER]["*"] = Listed([(keys.BUCKET_ROW + BUCKET, Source(1).to_item(BUCKET))])
    threads = AtOnce()
    sources = Sources(
        BUCKET, History(engine, HISTORY, SIZE_INDEX), Ledger(engine, LEDGER, threads), None,
        Counts(), Counts(), Counts(), threads, retention_days=days,
    )  # fmt: skip
    headers = {} if known is None else {"if-none-match": known}
    return routes.answer(sources, Request("GET", path, tuple(query.items()), headers=headers), now)


def members(*arguments, **query):
    return json.loads(answer(*arguments, **query).body)


def at(seconds):
    return times.to_text(BEGIN + seconds * SECOND)


@pytest.mark.parametrize(
    ("seconds", "size"),
    [(75, 3), (80, 9), (85, 9), (90, 5), (119, 5), (120, 5), (199, 5), (200, 6), (86_400, 6)],
)
def test_a_size_whose_samples_have_expired_is_that_of_the_minutes_and_says_so(seconds, size):
    shown = members("/size", at=at(seconds))

    assert (shown["total_size"], shown["object_cnt"], shown["unit"]) == (size, size, "minute")
    assert shown["since"] <= shown["at"]


def test_a_size_within_retention_is_exact_even_if_the_sample_in_force_has_expired():
    shown = members("/size", at=times.to_text(NOW - 25 * DAY))

    assert (shown["total_size"], shown["unit"], shown["since"]) == (6, "sample", at(200))


def test_the_last_total_of_a_bucket_is_exact_however_old_it_is():
    shown = members("/size", SAMPLES, at=times.to_text(NOW - 50 * DAY))

    assert (shown["total_size"], shown["unit"]) == (6, "sample")


def test_before_the_baseline_there_is_no_size_even_if_samples_have_expired():
    with pytest.raises(ProblemError, match="before-baseline"):
        answer("/size", at=at(69))


def test_a_range_is_extended_to_whole_minutes_where_samples_have_expired_and_says_so():
    shown = members("/range", **{"from": at(125), "to": at(201)})

    assert (shown["from"], shown["to"]) == (at(120), at(240))
    assert (shown["sample_cnt"], shown["minimum"]["total_size"], shown["maximum"]["total_size"]) == (1, 5, 6)
    assert (shown["first"]["time"], shown["last"]["time"]) == (at(90), at(200))


def test_the_edge_of_a_range_that_is_within_retention_stays():
    end = times.to_text(LATER.time + 1)

    shown = members("/range", **{"from": at(75), "to": end})

    assert (shown["from"], shown["to"], shown["sample_cnt"]) == (at(60), end, 5)


def test_a_picture_begins_with_its_first_minute_and_keeps_every_maximum():
    shown = members("/plot", format="json", **{"from": at(61), "to": at(86_400)})

    assert (shown["from"], shown["unit"], shown["thinned"]) == (at(60), "minute", True)
    assert [(point["total_size"], point["minimum"], point["maximum"]) for point in shown["points"]] == [
        (5, 3, 9),
        (6, 6, 6),
    ]
    assert (shown["before"], shown["bucket_maximum"]) == (None, 9)


def test_an_answer_is_known_no_more_when_its_samples_expire():
    range_ = {"from": at(60), "to": at(600)}
    for path, query in (
        ("/size", {"at": at(75)}),
        ("/range", range_),
        ("/plot", {**range_, "format": "json"}),
    ):
        first = answer(path, now=BEGIN + 41 * DAY, days=50, **query)
        known = first.headers["ETag"]

        assert answer(path, now=BEGIN + 45 * DAY, days=50, known=known, **query).status == 304
        assert answer(path, now=BEGIN + 51 * DAY, days=50, known=known, **query).status == 200


@pytest.mark.parametrize("path", ["/size", "/range", "/plot"])
def test_what_needs_rollups_that_are_still_being_made_is_a_503_that_names_the_fix(path):
    totals = Totals(7, 7, 5, 0, 0, 9, LATER.time, 5, State.LIVE)
    query = {"at": at(75)} if path == "/size" else {"from": at(75)}

    with pytest.raises(ProblemError) as raised:
        answer(path, totals=totals, **query)

    assert (raised.value.kind.status, raised.value.headers) == (503, {"Retry-After": "30"})
    assert "make rollups BUCKET=photos" in raised.value.detail


def test_the_horizon_is_a_whole_minute_and_later_than_any_expiry():
    assert horizon(None, NOW) == 0
    assert horizon(30, NOW + 1) == NOW + MINUTE - 30 * DAY + MARGIN
    assert horizon(30_000, NOW) == 0
