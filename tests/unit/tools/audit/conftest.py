import json
from http.server import ThreadingHTTPServer

import pytest

from tests.servers import SilentHandler, running


class Service(SilentHandler):
    """An OSV service (POST of one package) and an npm registry's advisories (POST of a lock), as a test fills them."""

    def do_POST(self):
        body = self.body()
        if self.path.endswith("/advisories/bulk"):
            return self._answer(self.server.npm)
        query = json.loads(body)
        asked = (query["package"]["name"], query["version"])
        self.server.asked.append(asked)
        known = self.server.osv.get(asked)
        return self._answer({"vulns": known} if known else {})

    def do_GET(self):
        # npm asks which versions there are, to say which one mends it.
        name = self.path.strip("/")
        self._answer({"name": name, "dist-tags": {}, "versions": {}})

    def _answer(self, document):
        self.answer(self.server.status, json.dumps(document).encode())


def osv(name, *, package, fixed):
    """Return one vulnerability as OSV describes it."""
    events = [{"introduced": "0"}, {"fixed": fixed}]
    affected = {
        "package": {"name": package, "ecosystem": "PyPI"},
        "ranges": [{"type": "ECOSYSTEM", "events": events}],
    }
    return {"id": f"GHSA-{name}", "aliases": [f"CVE-{name}"], "summary": "bad", "affected": [affected]}


@pytest.fixture
def service():
    """Yield a service on the loopback interface that knows of one bad version, as every real one does."""
    with running(ThreadingHTTPServer(("127.0.0.1", 0), Service)) as server:
        server.osv = {("jinja2", "2.10"): [osv("2019-1", package="jinja2", fixed="2.10.1")]}
        server.npm, server.asked, server.status = {}, [], 200
        server.url = f"http://127.0.0.1:{server.server_port}"
        yield server
