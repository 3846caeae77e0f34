"""The routes that answer data: history, size, count, prefixes, buckets."""

import json
from collections.abc import Sequence

from plotting import answers, cursor, parsing
from plotting.gateway import Request, Response
from plotting.parsing import Range
from plotting.problems import BEFORE_BASELINE, ProblemError
from plotting.sources import Reply, Sources
from size_history import times
from size_history.items import Sample

SAMPLE_BYTES = 300
"""What a sample takes in JSON at most, but for its keys."""
LARGEST_PAGE_BYTES = 4 * 1024 * 1024
"""Of JSON. Lambda answers 6 MB at most; a page of 1 MB in the table is larger in JSON where keys have odd characters."""


def get_history(sources: Sources, request: Request, now: int) -> Response:
    """Answer a page of samples."""
    asked = parsing.history_query(request.query, data_bucket=sources.data_bucket, now=now)
    totals, freshness = sources.totals(asked.range.bucket, now)
    reply = Reply.to(request, freshness, sources.release, asked, totals)
    if reply.known:
        return reply.not_modified()
    wanted = asked.after is None and asked.format == "json"
    before = sources.threads.submit(_before, sources, asked.range) if wanted else None
    samples, more = sources.history.page(asked)
    fitting = _fitting(samples)
    following = asked.cursor(fitting[-1].time) if more or len(fitting) < len(samples) else None
    if asked.format == "csv":
        return reply.other("text/csv; charset=utf-8", answers.history_csv(fitting), following)
    return reply.json(
        answers.history(asked, before.result() if before else None, fitting, following), following
    )


def get_size(sources: Sources, request: Request, now: int) -> Response:
    """Answer what a bucket weighed at an instant: the last sample not after it."""
    asked = parsing.size_query(request.query, data_bucket=sources.data_bucket, now=now)
    totals, freshness = sources.totals(asked.bucket, now)
    if totals.last_time == 0:
        raise ProblemError(
            BEFORE_BASELINE,
            f"bucket {asked.bucket} is still being adopted: it has no baseline yet.",
            parameter="bucket",
        )
    reply = Reply.to(request, freshness, sources.release, asked, totals)
    if reply.known:
        return reply.not_modified()
    if asked.at is None or asked.at >= totals.last_time:
        since, size, count = totals.last_time, totals.size, totals.count
    else:
        sample = sources.history.sample_before(asked.bucket, asked.at + 1)
        if sample is None:
            raise ProblemError(
                BEFORE_BASELINE,
                f"bucket {asked.bucket} has no sample at or before {times.to_text(asked.at)}.",
                parameter="at",
            )
        since, size, count = sample.time, sample.total_size, sample.object_cnt
    return reply.json(answers.size(asked.bucket, asked.at, since, size, count))


def get_count(sources: Sources, request: Request, now: int) -> Response:
    """Answer the recorded transitions and the objects present."""
    bucket = parsing.bucket_query(request.query, data_bucket=sources.data_bucket)
    totals, freshness = sources.totals(bucket, now)
    reply = Reply.to(request, freshness, sources.release, bucket, totals)
    return reply.not_modified() if reply.known else reply.json(answers.count(bucket, totals))


def get_prefixes(sources: Sources, request: Request, now: int) -> Response:
    """Answer a page of a bucket's first-level prefixes."""
    asked = parsing.prefixes_query(request.query, data_bucket=sources.data_bucket)
    totals, freshness = sources.totals(asked.bucket, now)
    reply = Reply.to(request, freshness, sources.release, asked, totals)
    if reply.known:
        return reply.not_modified()
    found, more = sources.ledger.prefixes(asked.bucket, totals, asked.after, asked.limit)
    following = cursor.encoded("prefixes", asked.bucket, found[-1].name) if more else None
    return reply.json(answers.prefixes(asked.bucket, found, following), following)


def get_buckets(sources: Sources, request: Request, now: int) -> Response:
    """Answer a page of what is tracked."""
    asked = parsing.buckets_query(request.query)
    found, last, peak, freshness = sources.buckets(asked.after, asked.limit, now)
    following = None if last is None else cursor.encoded("buckets", last)
    members = answers.buckets(found, peak, following)
    reply = Reply.to(request, freshness, sources.release, members)
    return reply.not_modified() if reply.known else reply.json(members, following)


def _before(sources: Sources, asked: Range) -> Sample | None:
    return sources.history.sample_before(asked.bucket, asked.start, whole=True)


def _fitting(samples: Sequence[Sample]) -> Sequence[Sample]:
    """Return as many samples as an answer may hold, at least one."""
    size = 0
    for number, sample in enumerate(samples):
        size += SAMPLE_BYTES + len(json.dumps(sample.changed_keys))
        if number and size > LARGEST_PAGE_BYTES:
            return samples[:number]
    return samples
