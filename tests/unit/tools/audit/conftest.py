import json

import pytest

from tests.servers import SilentHandler, serving


class Service(SilentHandler):
    """An OSV service and an npm registry's advisories, with what a test puts in."""

    def do_POST(self):
        body = json.loads(self.body()) if self.path.endswith("/querybatch") else self.body()
        if self.path.endswith("/advisories/bulk"):
            return self._answer(self.server.npm)
        pins = [(query["package"]["name"], query["version"]) for query in body["queries"]]
        self.server.requested += pins
        known = [self.server.osv.get(pin, []) for pin in pins]
        return self._answer({"results": [{"vulns": each} if each else {} for each in known]})

    def do_GET(self):
        # OSV's whole record of a vulnerability. npm asks which versions there are, to name one with a fix.
        name = self.path.rpartition("/")[2]
        records = {record["id"]: record for known in self.server.osv.values() for record in known}
        self._answer(records.get(name, {"name": name, "dist-tags": {}, "versions": {}}))

    def _answer(self, document):
        self.answer(self.server.status, json.dumps(document).encode())


def osv(name, *, package, fixed):
    """Return one vulnerability as OSV describes it."""
    events = [{"introduced": "0"}, {"fixed": fixed}]
    affected = {
        "package": {"name": package, "ecosystem": "PyPI"},
        "ranges": [{"type": "ECOSYSTEM", "events": events}],
    }
    return {
        "id": f"GHSA-{name}",
        "aliases": [f"CVE-{name}"],
        "summary": "bad",
        "modified": "2026-01-01T00:00:00Z",
        "affected": [affected],
    }


@pytest.fixture
def service():
    """Yield a service on the loopback interface that knows of one bad version, as every real one does."""
    with serving(Service) as server:
        server.osv = {("jinja2", "2.10"): [osv("2019-1", package="jinja2", fixed="2.10.1")]}
        server.npm, server.requested, server.status = {}, [], 200
        yield server
