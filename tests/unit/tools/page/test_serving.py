"""The dashboard's server in front of an API that checks signatures by itself."""

import hashlib
import hmac
import os
import signal
import threading
from http.client import HTTPConnection
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from botocore.credentials import Credentials

from tests.servers import SilentHandler, running, serving
from tests.unit.tools.operations.stand_ins import StoodIn
from tidemark.aws.signing import Api
from tidemark.errors import raise_on_signals
from tidemark.page.serve import PageServer, serve

KEY_ID, SECRET, TOKEN, REGION = "AKIDEXAMPLE", "secret-key", "session-token", "eu-central-1"


def signature_of(method, target, headers):
    """Compute a Signature Version 4 as AWS documents it, independently of botocore.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    scheme, _, rest = headers["Authorization"].partition(" ")
    assert scheme == "AWS4-HMAC-SHA256"
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    scope = parts["Credential"].partition("/")[2]
    day, _, rest = scope.partition("/")
    assert rest == f"{REGION}/execute-api/aws4_request"
    path, _, query = target.partition("?")
    pairs = sorted((quote(k, "-_.~"), quote(v, "-_.~")) for k, v in parse_qsl(query, keep_blank_values=True))
    signed = [f"{name}:{headers[name].strip()}" for name in parts["SignedHeaders"].split(";")]
    canonical = [method, quote(path, "/-_.~"), "&".join(f"{k}={v}" for k, v in pairs), *signed]
    canonical += ["", parts["SignedHeaders"], hashlib.sha256(b"").hexdigest()]
    digest = hashlib.sha256("\n".join(canonical).encode()).hexdigest()
    key = f"AWS4{SECRET}".encode()
    for part in (
        day,
        REGION,
        "execute-api",
        "aws4_request",
        "\n".join([scheme, headers["X-Amz-Date"], scope, digest]),
    ):
        key = hmac.digest(key, part.encode(), "sha256")
    return key.hex(), parts


class Gateway(SilentHandler):
    """Answers what is signed rightly, as API Gateway would."""

    def do_GET(self):
        self.server.requested.append((self.path, dict(self.headers)))
        wanted, parts = signature_of("GET", self.path, self.headers)
        right = parts["Signature"] == wanted and self.headers["X-Amz-Security-Token"] == TOKEN
        self.send_response(self.server.status if right else 403)
        for name, value in self.server.sent.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.server.body)


@pytest.fixture
def api():
    with serving(Gateway) as server:
        server.requested, server.sent, server.body, server.status = [], {}, b"{}", 200
        yield server


@pytest.fixture
def page(api):
    signed = Api(
        f"http://127.0.0.1:{api.server_port}/v1/",
        region=REGION,
        credentials=lambda: Credentials(KEY_ID, SECRET, TOKEN),
        proxies={},
    )
    with running(PageServer(0, signed)) as server:
        yield server


def get(page, path="", headers=None, method="GET"):
    url = urlsplit(page.url)
    connection = HTTPConnection(url.hostname, url.port, timeout=20)
    connection.request(method, url.path + path, headers=headers or {})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


@pytest.mark.parametrize(
    "path",
    [
        *("", "count", "plot?bucket=photos&window=10", "size?at=a+b%20c~*'"),
        "history?from=2026-11-20T08:15:30%2B01:00&empty=",
    ],
)
def test_what_is_forwarded_carries_a_signature_that_the_api_accepts(api, page, path):
    answer, _ = get(page, path)

    assert answer.status == 200
    assert len(api.requested) == 1
    assert api.requested[0][0].startswith("/v1/" + path.partition("?")[0])


def test_wrong_credentials_are_refused_by_this_api(api, page, monkeypatch):
    monkeypatch.setattr(page.api, "credentials", lambda: Credentials(KEY_ID, "another", TOKEN))

    assert get(page, "count")[0].status == 403


def test_the_browsers_etag_and_encoding_reach_the_api_and_nothing_else_of_it_does(api, page):
    sent = {"If-None-Match": 'W/"1"', "Accept-Encoding": "gzip", "Cookie": "a=b", "Authorization": "Bearer x"}
    get(page, "count", sent)

    ((_, headers),) = api.requested
    assert headers["If-None-Match"] == 'W/"1"'
    assert headers["Accept-Encoding"] == "gzip"
    assert "Cookie" not in headers
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 ")


def test_the_answer_comes_back_byte_by_byte_with_the_headers_that_the_page_needs(api, page):
    api.body = b"\x1f\x8b compressed"
    api.sent = {
        "ETag": 'W/"2"',
        "Content-Encoding": "gzip",
        "Tidemark-State": "live",
        "Content-Security-Policy": "p",
    }

    answer, body = get(page, "count")

    assert body == api.body
    assert {name: answer.headers[name] for name in api.sent} == api.sent


def test_no_other_origin_may_read_what_was_signed_for_this_page(api, page):
    api.sent = {"Access-Control-Allow-Origin": "*", "Set-Cookie": "a=b"}

    answer, _ = get(page, "count")

    assert answer.headers["Access-Control-Allow-Origin"] is None
    assert answer.headers["Set-Cookie"] is None
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_304_comes_back_without_a_body(api, page):
    api.status, api.body = 304, b""

    answer, body = get(page, "count", {"If-None-Match": 'W/"1"'})

    assert (answer.status, body) == (304, b"")


def test_a_redirect_is_not_followed(api, page):
    api.status, api.sent = 302, {"Location": "https://evil.example/"}

    answer, _ = get(page, "count")

    assert answer.status == 302
    assert answer.headers["Location"] is None
    assert len(api.requested) == 1


def test_what_is_refused_never_reaches_the_api(api, page):
    assert get(page, "count", {"Host": "evil.example"})[0].status == 403
    assert get(page, "count", {"Origin": "https://evil.example"})[0].status == 403
    assert get(page, "plot", method="POST")[0].status == 405
    assert api.requested == []


def test_an_api_that_does_not_answer_is_a_problem_that_says_why(page, api):
    api.shutdown()
    api.server_close()

    answer, body = get(page, "count")

    assert answer.status == 502
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert b"urn:tidemark:dashboard:no-answer" in body
    api.socket = type(api.socket)()  # the fixture closes it once more


def test_it_listens_on_the_loopback_interface_only(page):
    assert page.socket.getsockname()[0] == "127.0.0.1"


def test_every_start_has_another_secret(page):
    with running(PageServer(0, page.api)) as other:
        assert other.secret != page.secret
        assert get(page, f"../{other.secret}/count")[0].status == 404


def test_ctrl_c_ends_it_with_a_line(capsys):
    deployment = StoodIn({}, {"ApiUrl": "http://127.0.0.1:9/"}, endpoint="http://127.0.0.1:9")
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()

    raise_on_signals()
    serve(deployment, 0)

    first, second, last = capsys.readouterr().out.splitlines()
    assert first.startswith("dashboard: http://127.0.0.1:")
    assert second == "  target prod, http://127.0.0.1:9/; on this machine only, Ctrl-C ends it"
    assert last == "dashboard: ended"
