"""The real routes on a bucket with any number of samples of ten years, for a page without any environment."""

import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl, urlsplit

from plotting import page, routes
from plotting.gateway import Request
from plotting.history import History
from plotting.ledger import Ledger
from plotting.problems import ProblemError
from plotting.sources import Sources
from size_history.items import SIZE_INDEX
from tests.browser.answers import PAGE
from tests.unit.plotting.computed import NOW
from tests.unit.plotting.stored import BUCKET, HISTORY, LEDGER
from tests.unit.plotting.tables import Counts


class LongHistory:
    """Answers a page's requests by the service's own code; `requests` are the queries of the charts, oldest first."""

    def __init__(self, bucket):
        engine = bucket.engine()
        threads = ThreadPoolExecutor(4)
        ledger, history = Ledger(engine, LEDGER, threads), History(engine, HISTORY, SIZE_INDEX)
        self.sources = Sources(BUCKET, history, ledger, None, Counts(), Counts(), Counts(), threads)
        self.charts = []

    def serve(self, dashboard):
        """Serve the page at PAGE and answer its requests."""
        packed = page.packed()
        document = {"body": packed.text, "headers": {"Content-Type": page.MEDIA_TYPE, **packed.headers()}}
        dashboard.page.route(f"{PAGE}*", self._answer)
        dashboard.page.route(PAGE, lambda route: route.fulfill(**document))

    def _answer(self, route):
        url = urlsplit(route.request.url)
        path = "/" + url.path.rpartition("/")[2]
        query = tuple(parse_qsl(url.query))
        if path == "/plot":
            self.charts.append(dict(query))
        if path == "/prefixes":
            route.fulfill(json={"bucket": BUCKET, "prefixes": [], "next": None})
            return
        try:
            answer = routes.answer(self.sources, Request("GET", path, query), NOW)
        except ProblemError as problem:
            route.fulfill(status=problem.kind.status, json=json.loads(problem.to_json()))
            return
        route.fulfill(
            status=answer.status,
            body=answer.body,
            headers={"Content-Type": answer.media_type, **answer.headers},
        )
