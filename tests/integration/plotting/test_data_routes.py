"""The data routes, from API Gateway's event to its answer, with a real DynamoDB engine."""

import csv
import io
import json
from urllib.parse import parse_qsl

import pytest

from plotting import answers, data_routes
from plotting import handler as module
from size_history import items
from size_history.items import Sample, State, Totals
from size_history.rollups import Point
from size_history.sources import Hearing
from size_history.times import from_text, to_text
from tests.integration.plotting.calls import (
    SECOND,
    answer_of,
    call,
    count_calls,
    forget,
    json_of,
    put,
    put_prefixes,
    put_samples,
    put_source,
    put_totals,
    track,
)
from tests.unit.plotting.stored import written

BUCKET_ROUTES = ["/plot", "/history", "/size", "/range", "/count", "/prefixes"]


def sizes_of(samples):
    return [sample["total_size"] for sample in samples]


def all_pages(path, **query):
    """Return every page, following the cursor alone."""
    _, page = json_of(path, **query)
    pages = [page]
    while page["next"]:
        status, page = json_of(path, cursor=page["next"], **{k: v for k, v in query.items() if k == "limit"})
        assert status == 200, page
        pages.append(page)
    return pages


def test_the_history_is_every_sample_of_the_range_and_what_was_before_it(world):
    times = track(world, 0, 18, 27, 0, 2)

    status, answer = json_of("/history", **{"from": to_text(times[1]), "to": to_text(times[4])})

    assert status == 200
    assert sizes_of(answer["samples"]) == [18, 27, 0]
    assert answer["before"]["total_size"] == 0
    assert (answer["from"], answer["to"]) == (to_text(times[1]), to_text(times[4]))
    assert (answer["order"], answer["next"], answer["state"]) == ("asc", None, "live")


def test_the_range_is_half_open_to_the_microsecond(world):
    times = track(world, 1, 2)

    def between(start, end):
        return sizes_of(json_of("/history", **{"from": to_text(start), "to": to_text(end)})[1]["samples"])

    assert between(times[0], times[1]) == [1]
    assert between(times[0] + 1, times[1]) == []
    assert between(times[0] + 1, times[1] + 1) == [2]


def test_a_sample_says_what_changed(world):
    track(world, 5)
    (instant,) = track(world, 7)
    sample = Sample("data-bucket", instant, 7, 1, 3, 2, 1, 9, ("a\u0001/ü", "b"), 12)
    put_samples(world, sample)

    _, answer = json_of("/history", order="desc", limit=1)

    assert answer["samples"] == [
        {
            "time": to_text(instant),
            "total_size": 7,
            "object_cnt": 1,
            "created_cnt": 3,
            "overwritten_cnt": 2,
            "removed_cnt": 1,
            "changed_cnt": 12,
            "changed_keys": ["a\u0001/ü", "b"],
        }
    ]


@pytest.mark.parametrize(("order", "step"), [("asc", 1), ("desc", -1)])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
def test_the_pages_hold_every_sample_once_and_in_order(world, order, step, limit):
    track(world, *range(1, 8))

    pages = all_pages("/history", window=60, order=order, limit=limit)

    assert [size for page in pages for size in sizes_of(page["samples"])] == list(range(1, 8))[::step]
    assert all(len(page["samples"]) == limit for page in pages[:-1])
    assert len({(page["from"], page["to"], page["order"]) for page in pages}) == 1
    assert len(pages) == -(-7 // limit)


def test_a_sample_recorded_between_two_pages_changes_no_page(world):
    track(world, 1, 2, 3)
    _, first = json_of("/history", window=10, limit=2)
    later = from_text(first["to"])
    put_samples(world, Sample("data-bucket", later, 99, 1))

    _, second = json_of("/history", cursor=first["next"])

    assert sizes_of(second["samples"]) == [3]


def test_a_page_is_cut_where_it_would_be_larger_than_lambda_answers(world, monkeypatch):
    track(world, *range(1, 8))
    monkeypatch.setattr(data_routes, "MAX_PAGE_BYTES", 700)

    pages = all_pages("/history", window=60)

    assert len(pages) > 1
    assert [size for page in pages for size in sizes_of(page["samples"])] == list(range(1, 8))


def test_a_sample_takes_no_more_than_is_reckoned_for_it():
    largest = Sample("b" * 63, 2**53 - 1, 10**21, *[10**15] * 5, changed_cnt=10**15)

    assert len(json.dumps(answers.sample_members(largest))) < data_routes.MAX_ROW_BYTES


def test_rows_of_many_megabytes_come_in_pages_that_each_read_one(world):
    times = track(world, *range(300))
    keys = tuple("k" * 1000 + str(number) for number in range(10))
    rows = [Sample("data-bucket", time, size, 1, changed_keys=keys) for size, time in enumerate(times)]
    put_samples(world, *rows)

    pages = all_pages("/history", window=600)

    assert [size for page in pages for size in sizes_of(page["samples"])] == list(range(300))
    assert len(pages) == 3


def test_csv_has_the_same_samples_and_links_to_the_next_page(world):
    track(world, 18, 27, 0)

    answer = call("/history", window=60, limit=2, format="csv")

    assert answer["headers"]["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer["body"])))
    assert [(row["total_size"], row["object_cnt"]) for row in rows] == [("18", "1"), ("27", "1")]
    link = answer["headers"]["Link"]
    assert link.startswith("<?cursor=")
    assert link.endswith('>; rel="next"')
    query = dict(parse_qsl(link[len("<?") : link.index(">")]))
    assert (query["format"], query["limit"]) == ("csv", "2")
    next_page = call("/history", **query)
    assert [row["total_size"] for row in csv.DictReader(io.StringIO(next_page["body"]))] == ["0"]
    assert "Link" not in next_page["headers"]


def test_the_size_at_an_instant_is_the_last_sample_not_after_it(world):
    times = track(world, 0, 18, 27)

    def at(instant):
        status, answer = json_of("/size", at=to_text(instant))
        return answer["total_size"] if status == 200 else answer["type"]

    assert at(times[0]) == 0
    assert at(times[1] - 1) == 0
    assert at(times[1]) == 18
    assert at(times[2] - 1) == 18
    assert at(times[0] - 1) == "urn:tidemark:problem:before-baseline"


def test_the_latest_size_is_the_totals(world):
    (instant,) = track(world, 27)
    totals = Totals(27, 1, 1, 0, 0, 27, instant, 5, State.LIVE)
    put_totals(world, totals)

    status, answer = json_of("/size")

    assert status == 200
    assert (answer["total_size"], answer["object_cnt"]) == (27, 1)
    assert (answer["since"], answer["at"]) == (to_text(instant), None)


def test_a_bucket_being_adopted_has_no_size_yet(world):
    totals = Totals(9, 1, 0, 0, 0, 0, 0, 1, State.ADOPTING)
    put_totals(world, totals)
    put_source(world)

    status, problem = json_of("/size")

    assert (status, problem["type"]) == (404, "urn:tidemark:problem:before-baseline")
    assert "still being adopted" in problem["detail"]


def test_the_counters_are_the_totals(world):
    totals = Totals(27, 3, 7, 2, 4, 27, 1, 5, State.LIVE)
    put_totals(world, totals)
    put_source(world)

    _, answer = json_of("/count")

    assert [answer[name] for name in ("created", "overwritten", "removed", "present")] == [7, 2, 4, 3]


def test_prefixes_come_in_the_order_of_their_names_from_all_shards_page_by_page(world):
    track(world, 1)
    sizes = {f"p{number:03d}/": number for number in range(40)} | {".": 5, "ü/": 6, "#/": 7}
    put_prefixes(world, **sizes)
    put_prefixes(world, bucket="data-bucket2", other=3)

    pages = all_pages("/prefixes", limit=9)

    found = {entry["prefix"]: entry["total_size"] for page in pages for entry in page["prefixes"]}
    assert list(found) == sorted(name for name, size in sizes.items() if size)
    assert found == {name: size for name, size in sizes.items() if size}
    assert len(pages) == -(-len(sizes) // 9)


def test_a_page_of_prefixes_is_one_query_for_each_shard_whatever_there_is(world):
    track(world, 1)
    put_prefixes(world, **{f"p{number:03d}/": 1 for number in range(200)})
    counted = count_calls(world)

    json_of("/prefixes")

    assert counted == {"BatchGetItem": 1, "Query": 16}


def test_prefixes_are_read_again_only_after_a_change_and_never_too_late(world):
    (last,) = track(world, 1)
    put_prefixes(world, **{"p/": 1})
    json_of("/prefixes")
    counted = count_calls(world)

    _, unchanged = json_of("/prefixes")
    reads = dict(counted)
    put_prefixes(world, **{"p/": 3})
    changed = Totals(0, 0, 0, 0, 0, 3, last, 2, State.LIVE)
    put_totals(world, changed)
    _, after = json_of("/prefixes")

    assert reads == {"BatchGetItem": 1}
    assert counted == {"BatchGetItem": 2, "Query": 16}
    assert [one["prefixes"][0]["total_size"] for one in (unchanged, after)] == [1, 3]


def test_buckets_are_listed_with_their_totals_page_by_page(world):
    for name in ("alpha", "beta", "beta-2", "gamma"):
        track(world, 3, bucket=name, peak=50)
    track(world, bucket="delta", state=State.ADOPTING)
    track(world, 3, bucket="leaving", hearing=Hearing.LEAVING)
    put_source(world, "not-begun")

    pages = all_pages("/buckets", limit=2)

    found = [entry for page in pages for entry in page["buckets"]]
    assert [entry["bucket"] for entry in found] == ["alpha", "beta", "beta-2", "delta", "gamma", "not-begun"]
    assert [entry["state"] for entry in found] == ["live", "live", "live", "adopting", "live", "adopting"]
    assert [entry["bucket_maximum"] for entry in found] == [3, 3, 3, None, 3, None]
    assert (pages[0]["any_bucket_maximum"], pages[0]["any_bucket_maximum_in"]) == (50, "other")


def test_where_nothing_is_tracked_the_list_is_empty(world):
    status, answer = json_of("/buckets")

    assert status == 200
    assert (answer["buckets"], answer["any_bucket_maximum"], answer["next"]) == ([], None, None)


@pytest.mark.parametrize("path", BUCKET_ROUTES)
def test_a_caller_that_has_the_answer_gets_a_304_until_it_changes(world, path):
    times = track(world, 0, 18)
    span = {"window": 2_000_000} if path in {"/plot", "/history", "/range"} else {}
    more = {**span, "format": "json"} if path in {"/plot", "/history"} else span
    first = call(path, **more)
    tag = first["headers"]["ETag"]
    counted = count_calls(world)

    same = call(path, {"if-none-match": f'"other", {tag}'}, **more)
    reads = dict(counted)
    totals = Totals(20, 2, 2, 0, 0, 20, times[-1] + 1, 2, State.LIVE)
    put_totals(world, totals)
    changed = call(path, {"if-none-match": tag}, **more)

    assert (first["statusCode"], same["statusCode"], changed["statusCode"]) == (200, 304, 200)
    assert (same["body"], same["headers"]["ETag"]) == ("", tag)
    assert same["headers"]["Tidemark-As-Of"] > first["headers"]["Tidemark-As-Of"]
    assert changed["headers"]["ETag"] != tag
    assert reads == {"BatchGetItem": 1}
    assert first["headers"]["Cache-Control"] == "private, max-age=1"
    for answer in (first, same):
        assert answer["headers"]["Vary"] == "Accept-Encoding"
        assert answer["headers"]["X-Content-Type-Options"] == "nosniff"


def test_another_question_has_another_etag(world):
    track(world, 0, 18)
    put_prefixes(world, **{"a/": 1, "b/": 2})
    questions = [
        ("/history", {"window": 2_000_000}),
        ("/history", {"window": 2_000_000, "order": "desc"}),
        ("/history", {"window": 2_000_000, "limit": 1}),
        ("/history", {"window": 2_000_000, "format": "csv"}),
        ("/history", {"window": 1_000_000}),
        ("/plot", {"window": 2_000_000, "format": "json"}),
        ("/plot", {"window": 2_000_000, "format": "svg"}),
        ("/prefixes", {}),
        ("/prefixes", {"limit": 1}),
        ("/count", {}),
        ("/size", {}),
        ("/buckets", {}),
    ]

    tags = [call(path, **query)["headers"]["ETag"] for path, query in questions]

    assert len(set(tags)) == len(questions)


@pytest.mark.parametrize("path", BUCKET_ROUTES)
def test_every_answer_about_a_bucket_says_how_fresh_it_is(world, path):
    track(world, 1)
    world.sqs.send_message(QueueUrl=world.queue_url, MessageBody="{}")

    answer = call(path, **({"format": "json"} if path == "/plot" else {}))

    members, headers = json.loads(answer["body"]), answer["headers"]
    assert (members["state"], members["queue_waiting"], members["queue_age_seconds"]) == ("live", 1, None)
    assert headers["Tidemark-As-Of"] == members["as_of"]
    assert (headers["Tidemark-State"], headers["Tidemark-Queue-Waiting"]) == ("live", "1")
    assert headers["Tidemark-Queue-Age-Seconds"] == "unknown"


@pytest.mark.parametrize("path", BUCKET_ROUTES)
def test_a_bucket_that_is_not_tracked_is_a_404_that_names_it(world, path):
    status, problem = json_of(path, bucket="no-such-bucket")

    assert (status, problem["type"]) == (404, "urn:tidemark:problem:bucket-not-tracked")
    assert problem["detail"] == "bucket no-such-bucket is not tracked: there is no history of it."


@pytest.mark.parametrize("path", BUCKET_ROUTES)
def test_a_bucket_that_is_not_tracked_any_more_is_a_404_that_says_its_history_is_kept(world, path):
    track(world, 5, bucket="leaving", hearing=Hearing.LEAVING)
    put_totals(world, Totals(5, 1, 1, 0, 0, 5, 1, 1, State.LIVE), "left")

    for bucket in ("leaving", "left"):
        status, problem = json_of(path, bucket=bucket)

        assert (status, problem["type"]) == (404, "urn:tidemark:problem:bucket-not-tracked")
        assert problem["detail"] == (
            f"bucket {bucket} is not tracked: its history is kept, and make track BUCKET={bucket} shows it again."
        )


STATES = {
    "deaf": (Hearing.DEAF, State.LIVE),
    "gone": (Hearing.GONE, State.LIVE),
    "recovering": (Hearing.RECOVERING, State.LIVE),
    "adopting": (Hearing.HEARD, State.ADOPTING),
}


@pytest.mark.parametrize("path", BUCKET_ROUTES)
@pytest.mark.parametrize("state", STATES)
def test_every_answer_about_a_bucket_says_its_state_since_when_and_why(world, path, state):
    hearing, of_totals = STATES[state]
    since = module.time.time_ns() // 1000 - SECOND
    (instant,) = track(world, 1, hearing=hearing, since=since, reason="a reason", checked=since)
    put_totals(world, Totals(1, 1, 1, 0, 0, 1, instant, 1, of_totals))

    answer = call(path, **({"format": "json"} if path == "/plot" else {}))
    _, listed = json_of("/buckets")

    members, headers = json.loads(answer["body"]), answer["headers"]
    said = (state, to_text(since), members["state_reason"])
    assert members["state_reason"]
    assert (members["state"], members["state_since"], members["state_reason"]) == said
    assert tuple(headers[f"Tidemark-State{part}"] for part in ("", "-Since", "-Reason")) == said
    assert tuple(listed["buckets"][0][name] for name in ("state", "state_since", "state_reason")) == said


@pytest.mark.parametrize("path", BUCKET_ROUTES)
def test_a_caller_that_has_the_answer_learns_of_another_state_but_not_of_every_check(world, path):
    more = {"format": "json"} if path == "/plot" else {}
    now = module.time.time_ns() // 1000
    span = (
        {"from": to_text(now - 60 * SECOND), "to": to_text(now)}
        if path in {"/plot", "/history", "/range"}
        else {}
    )
    track(world, 5, checked=now - 2 * SECOND)
    tag = call(path, **more, **span)["headers"]["ETag"]

    put_source(world, checked=now, revision=2)
    checked = call(path, {"if-none-match": tag}, **more, **span)
    put_source(world, checked=now, revision=3, hearing=Hearing.DEAF, since=now, reason="switched off")
    deaf = call(path, {"if-none-match": tag}, **more, **span)

    assert (checked["statusCode"], deaf["statusCode"]) == (304, 200)
    assert (checked["headers"]["Tidemark-State"], deaf["headers"]["Tidemark-State"]) == ("live", "deaf")


def test_a_bucket_whose_watch_has_stopped_is_deaf(world):
    track(world, 5, checked=1)

    status, answer = json_of("/size")

    assert (status, answer["state"]) == (200, "deaf")
    assert "its watch rule" in answer["state_reason"]


def test_a_bucket_that_is_tracked_and_not_adopted_yet_is_adopting(world):
    put_source(world)

    answers = {
        path: json_of(path, **({"format": "json"} if path == "/plot" else {})) for path in BUCKET_ROUTES
    }

    assert answers.pop("/size")[1]["type"] == "urn:tidemark:problem:before-baseline"
    assert {path: (status, answer["state"]) for path, (status, answer) in answers.items()} == dict.fromkeys(
        answers, (200, "adopting")
    )


def test_dead_letters_and_undelivered_events_are_counted_beside_what_waits(world):
    track(world, 5)
    for url, count in ((world.queue_url, 1), (world.dlq_url, 2), (world.rule_dlq_url, 3)):
        for _ in range(count):
            world.sqs.send_message(QueueUrl=url, MessageBody="{}")

    answer = call("/size")
    _, listed = json_of("/buckets")

    names = ("queue_waiting", "dead_letters", "undelivered_events")
    assert [json.loads(answer["body"])[name] for name in names] == [1, 2, 3]
    assert [listed[name] for name in names] == [1, 2, 3]
    assert answer["headers"]["Tidemark-Dead-Letters"] == "2"
    assert answer["headers"]["Tidemark-Undelivered-Events"] == "3"


def test_a_dead_letter_queue_that_does_not_answer_costs_only_its_figure(world, monkeypatch):
    track(world, 5)
    monkeypatch.setenv("DLQ_URL", world.dlq_url + "-gone")
    forget()

    status, answer = json_of("/size")

    assert (status, answer["dead_letters"], answer["undelivered_events"], answer["queue_waiting"]) == (
        200,
        None,
        0,
        0,
    )
    assert answer["queue_problem"].startswith("the dead-letter queue did not answer: ")


def test_a_message_that_is_delayed_does_not_wait(world):
    track(world, 5)
    world.sqs.send_message(QueueUrl=world.queue_url, MessageBody="{}", DelaySeconds=600)

    _, answer = json_of("/size")

    assert (answer["queue_waiting"], answer["queue_age_seconds"]) == (0, 0)


def test_a_live_prefix_behind_1100_emptied_ones_is_shown(world):
    track(world, 1)
    emptied = {f"emptied-{number:04}/": 0 for number in range(1100)}
    rows = [
        {
            **items.prefix_key("data-bucket", name),
            "size": items.number(size),
            "count": items.number(int(size > 0)),
        }
        for name, size in {**emptied, "zz-live/": 7}.items()
    ]
    put(world.dynamodb, world.tables.ledger, *rows)

    _, answer = json_of("/prefixes", limit=100)

    assert answer["prefixes"] == [{"prefix": "zz-live/", "total_size": 7, "object_cnt": 1}]
    assert answer["next"] is None


def test_a_plot_as_svg_is_an_svg_and_as_json_is_what_the_picture_shows(world):
    track(world, 0, 18, 27, peak=50)

    svg = call("/plot", format="svg")
    _, shown = json_of("/plot", format="json")
    _, stored = answer_of("POST", "/plot", body={})

    assert svg["headers"]["Content-Type"] == "image/svg+xml"
    assert shown["any_bucket_maximum_in"] == "other"
    assert set(stored) - set(shown) == {"plot"}
    assert shown["points"] == stored["points"]


def test_a_plot_of_a_closed_range_ends_where_it_was_told_to(world):
    times = track(world, 0, 18, 27, 0)

    _, shown = json_of("/plot", format="json", **{"from": to_text(times[1]), "to": to_text(times[3])})

    assert [point["total_size"] for point in shown["points"]] == [18, 27]
    assert (shown["before"]["total_size"], shown["to"]) == (0, to_text(times[3]))


def test_five_thousand_samples_are_a_page_per_megabyte_of_history_but_few_reads_of_a_plot(world):
    """With rows of 1 kB, 5,000 are five pages of 1 MB."""
    track(world, 1)
    keys = ("k" * 400, "l" * 400)
    begin = module.time.time_ns() // 1000 - 6000 * SECOND
    sizes = [1000 if n == 4321 else n % 7 for n in range(5001)]
    points = [Point(size, 1, begin + n * SECOND) for n, size in enumerate(sizes)]
    more = {"changed_keys": keys, "changed_cnt": 2}
    put_samples(world, *(Sample("data-bucket", p.time, p.size, p.count, **more) for p in points))
    totals, rollups = written(points)
    put_totals(world, totals)
    put(world.dynamodb, world.tables.ledger, *(rollup.to_item("data-bucket") for rollup in rollups))
    counted = count_calls(world)

    _, shown = json_of("/plot", window=7000, format="json")
    of_plot = dict(counted)
    _, extremes = json_of("/range", window=7000)
    pages = all_pages("/history", window=7000, limit=1000)

    assert (shown["sample_cnt"], shown["unit"], shown["thinned"]) == (5001, "minute", True)
    assert 83 <= len(shown["points"]) <= 85
    assert (shown["minimum"], shown["maximum"], shown["bucket_maximum"]) == (0, 1000, 1000)
    assert extremes["maximum"] == {"time": to_text(points[4321].time), "total_size": 1000, "object_cnt": 1}
    assert extremes["sample_cnt"] == 5001
    assert sum(of_plot.values()) <= 8
    assert sum(len(page["samples"]) for page in pages) == 5002
    assert len(pages) == 6
