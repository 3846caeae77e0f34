"""The routes that answer data: history, size, range, count, prefixes, buckets."""

import json
from collections.abc import Callable, Sequence
from typing import TypeVar

from plotting import answers, parameters, parsing
from plotting.answers import Reply
from plotting.gateway import Request, Response
from plotting.problems import BEFORE_BASELINE, ProblemError
from plotting.sources import Sources
from size_history import times
from size_history.rollups import Unit

MAX_ROW_BYTES = 300
"""Maximum length of a sample or prefix in JSON, without its keys."""
MAX_PAGE_BYTES = 4 * 1024 * 1024
"""Maximum length of a page in JSON. Lambda answers at most 6 MB, and keys with unusual characters are longer in JSON
than in the table's pages of 1 MB."""

_Row = TypeVar("_Row")


def get_history(sources: Sources, request: Request, now: int) -> Response:
    """Answer a page of samples."""
    query = parsing.history_query(request.query, data_bucket=sources.data_bucket, now=now)
    bucket = sources.find(query.range.bucket, now)
    reply = Reply.to(request, bucket.freshness, sources.release, query, bucket.totals)
    if reply.known:
        return reply.not_modified()
    before = None
    if query.after is None and query.format == "json":
        before = sources.threads.submit(
            sources.history.sample_before, query.range.bucket, query.range.start, whole=True
        )
    samples, more = sources.history.page(query)
    fitting = _fitting(samples, lambda sample: sample.changed_keys)
    next_cursor = query.cursor(fitting[-1].time) if more or len(fitting) < len(samples) else None
    if query.format == "csv":
        return reply.other("text/csv; charset=utf-8", answers.history_csv(fitting), next_cursor)
    members = answers.history(query, before.result() if before else None, fitting, next_cursor)
    return reply.json(members, next_cursor)


def get_size(sources: Sources, request: Request, now: int) -> Response:
    """Answer a bucket's size at an instant: that of the last sample not after it."""
    query = parsing.size_query(request.query, data_bucket=sources.data_bucket, now=now)
    bucket = sources.find(query.bucket, now)
    totals = bucket.totals
    if totals.last_time == 0:
        detail = f"bucket {query.bucket} is still being adopted: it has no baseline yet."
        raise ProblemError(BEFORE_BASELINE, detail, parameter="bucket")
    # Once the samples of an instant may have expired, its answer is another one.
    unit = Unit.MINUTE if query.at is not None and query.at < bucket.horizon else None
    reply = Reply.to(request, bucket.freshness, sources.release, query, totals, unit)
    if reply.known:
        return reply.not_modified()
    if query.at is None or query.at >= totals.last_time:
        return reply.json(answers.size(query, totals.last, None))
    total = sources.size_at(query.at, bucket)
    if total is None:
        detail = f"bucket {query.bucket} has no sample at or before {times.to_text(query.at)}."
        raise ProblemError(BEFORE_BASELINE, detail, parameter="at")
    return reply.json(answers.size(query, total, unit))


def get_range(sources: Sources, request: Request, now: int) -> Response:
    """Answer the exact extremes of a range, and the totals in force at its ends."""
    range_ = parsing.range_query(request.query, data_bucket=sources.data_bucket, now=now)
    bucket = sources.find(range_.bucket, now)
    reply = Reply.to(request, bucket.freshness, sources.release, bucket.fitted(range_), bucket.totals)
    if reply.known:
        return reply.not_modified()
    return reply.json(answers.extremes(sources.read(range_, bucket)))


def get_count(sources: Sources, request: Request, now: int) -> Response:
    """Answer the recorded transitions and the objects present."""
    name = parsing.bucket_query(request.query, data_bucket=sources.data_bucket)
    bucket = sources.find(name, now)
    reply = Reply.to(request, bucket.freshness, sources.release, name, bucket.totals)
    return reply.not_modified() if reply.known else reply.json(answers.count(name, bucket.totals))


def get_prefixes(sources: Sources, request: Request, now: int) -> Response:
    """Answer a page of a bucket's first-level prefixes."""
    query = parsing.prefixes_query(request.query, data_bucket=sources.data_bucket)
    bucket = sources.find(query.bucket, now)
    reply = Reply.to(request, bucket.freshness, sources.release, query, bucket.totals)
    if reply.known:
        return reply.not_modified()
    page = sources.ledger.prefixes(query.bucket, bucket.totals, query.after, query.limit)
    fitting = _fitting(page.found, lambda prefix: prefix.name)
    last = page.last if len(fitting) == len(page.found) else fitting[-1].name
    next_cursor = None if last is None else parameters.cursor_of("prefixes", query.bucket, last)
    return reply.json(answers.prefixes(query.bucket, fitting, next_cursor), next_cursor)


def get_buckets(sources: Sources, request: Request, now: int) -> Response:
    """Answer a page of the tracked buckets."""
    query = parsing.buckets_query(request.query)
    found, last, peak, freshness = sources.buckets(query.after, query.limit, now)
    next_cursor = None if last is None else parameters.cursor_of("buckets", last)
    members = answers.buckets(found, peak, next_cursor)
    reply = Reply.to(request, freshness, sources.release, members)
    return reply.not_modified() if reply.known else reply.json(members, next_cursor)


def _fitting(rows: Sequence[_Row], keys_of: Callable[[_Row], object]) -> Sequence[_Row]:
    """Return as many rows as an answer may hold, at least one. The keys in a row may be long."""
    size = 0
    for number, row in enumerate(rows):
        size += MAX_ROW_BYTES + len(json.dumps(keys_of(row)))
        if number and size > MAX_PAGE_BYTES:
            return rows[:number]
    return rows
