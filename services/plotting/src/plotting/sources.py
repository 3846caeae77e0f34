"""What the routes read from and write to, and what is the same in every answer about a bucket."""

from collections.abc import Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from plotting.caching import BRIEFLY, etag, is_known
from plotting.freshness import Freshness
from plotting.gateway import Request, Response, json_response, not_modified
from plotting.history import History
from plotting.ledger import Ledger
from plotting.plot_bucket import PlotBucket
from plotting.problems import NOT_TRACKED, ProblemError
from plotting.tracking_queue import Backlog, TrackingQueue
from size_history.items import Peak, Totals

OF_A_PAGE = ("format", "limit")


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that a route reads from or writes to; `release` changes with every deployment of the code.

    `threads` are for what can be asked at the same time: most of an answer's time is waiting for AWS.
    """

    data_bucket: str
    history: History
    ledger: Ledger
    pictures: PlotBucket
    queue: TrackingQueue
    threads: Executor
    release: str = ""

    def totals(self, bucket: str, now: int) -> tuple[Totals, Freshness]:
        """Return a bucket's totals and how fresh they are. Raises ProblemError for a bucket that is not tracked."""
        backlog = self._ask_queue(now)
        totals = _tracked(bucket, self.ledger.totals(bucket))
        return totals, Freshness(now, backlog.result(), totals.state)

    def totals_and_peak(self, bucket: str, now: int) -> tuple[Totals, Peak | None, Freshness]:
        """Return the same, and the peak of all buckets."""
        backlog = self._ask_queue(now)
        totals, peak = self.ledger.totals_and_peak(bucket)
        totals = _tracked(bucket, totals)
        return totals, peak, Freshness(now, backlog.result(), totals.state)

    def buckets(
        self, after: str, limit: int, now: int
    ) -> tuple[dict[str, Totals], str | None, Peak | None, Freshness]:
        """Return a page of tracked buckets, its last name if more follow, the peak of all, and how fresh that is."""
        backlog = self._ask_queue(now)
        peak = self.threads.submit(self.ledger.peak)
        found, last = self.ledger.buckets(after, limit)
        return found, last, peak.result(), Freshness(now, backlog.result())

    def _ask_queue(self, now: int) -> "Future[Backlog]":
        return self.threads.submit(self.queue.backlog, now)


def _tracked(bucket: str, totals: Totals | None) -> Totals:
    if totals is None:
        raise ProblemError(
            NOT_TRACKED,
            f"bucket {bucket} is not tracked: there is no history of it.",
            parameter="bucket",
        )
    return totals


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer in the making: its ETag, and how fresh it is.

    The ETag is of the values that determine the answer. For a bucket those are what was asked and its totals, which
    change in the transaction of every sample: whoever has the answer already is told so before anything else is read.
    """

    tag: str
    freshness: Freshness
    known: bool
    form: tuple[tuple[str, str], ...] = ()
    """What was asked about the form of a page, which the cursor does not hold."""

    @classmethod
    def to(cls, request: Request, freshness: Freshness, *parts: object) -> "Reply":
        """Begin the answer to a request."""
        tag = etag(request.path, *parts)
        form = tuple((name, value) for name, value in request.query if name in OF_A_PAGE)
        return cls(tag, freshness, is_known(request.headers, tag), form)

    def not_modified(self) -> Response:
        """Return the 304."""
        return not_modified(self._headers())

    def json(self, members: Mapping[str, Any], following: str | None = None) -> Response:
        """Return the answer in JSON; `following` is the cursor of the next page."""
        return json_response({**members, **self.freshness.members()}, self._headers(following))

    def other(self, media_type: str, body: str | bytes, following: str | None = None) -> Response:
        """Return the answer in another format."""
        return Response(200, media_type, body, self._headers(following))

    def _headers(self, following: str | None = None) -> dict[str, str]:
        headers = {**self.freshness.headers(), "Cache-Control": BRIEFLY, "ETag": self.tag}
        if following is None:
            return headers
        return {**headers, "Link": f'<?{urlencode([("cursor", following), *self.form])}>; rel="next"'}
