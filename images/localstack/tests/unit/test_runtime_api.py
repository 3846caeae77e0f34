"""The Runtime API over real sockets."""

import http.client
import json
import queue
import threading

import pytest

from image_lambda_runtime.runtime_api import RuntimeApi
from image_lambda_runtime.runtime_protocol import Answered, InitFailed, Invocation, Polled

PREFIX = "/2018-06-01/runtime"
SECONDS = 10


class Runtime:
    """A client that behaves as a function's runtime."""

    def __init__(self, address):
        self.connection = http.client.HTTPConnection(address, timeout=SECONDS)

    def next(self):
        self.connection.request("GET", f"{PREFIX}/invocation/next")
        return self._answer()

    def post(self, path, body=b"", **options):
        self.connection.request("POST", f"{PREFIX}/{path}", body, **options)
        return self._answer()

    def _answer(self):
        answer = self.connection.getresponse()
        return answer.status, answer.headers, answer.read()


@pytest.fixture
def events():
    return queue.SimpleQueue()


@pytest.fixture
def api(events):
    api = RuntimeApi(events.put, max_response_bytes=10 * 1024 * 1024)
    yield api
    api.close()


@pytest.fixture
def runtime(api):
    runtime = Runtime(api.address)
    yield runtime
    runtime.connection.close()


def invocation(request_id="id-1", payload=b"{}"):
    return Invocation(request_id, payload, 1_700_000_000_000, "arn:aws:lambda:x", "Root=1", '{"custom":{}}')


def in_background(call):
    results = queue.SimpleQueue()
    threading.Thread(target=lambda: results.put(call()), daemon=True).start()
    return results


def test_a_runtime_is_handed_the_invocation_it_waits_for(api, runtime, events):
    polling = in_background(runtime.next)
    assert events.get(timeout=SECONDS) == Polled()
    api.submit(invocation(payload=b'{"a": 1}'))

    status, headers, body = polling.get(timeout=SECONDS)

    assert (status, body) == (200, b'{"a": 1}')
    assert headers["Lambda-Runtime-Aws-Request-Id"] == "id-1"
    assert headers["Lambda-Runtime-Deadline-Ms"] == "1700000000000"
    assert headers["Lambda-Runtime-Invoked-Function-Arn"] == "arn:aws:lambda:x"
    assert headers["Lambda-Runtime-Trace-Id"] == "Root=1"
    assert headers["Lambda-Runtime-Client-Context"] == '{"custom":{}}'


@pytest.mark.parametrize("is_error", [False, True])
def test_an_answer_is_accepted_and_reported_once(api, runtime, events, is_error):
    path = f"invocation/id-1/{'error' if is_error else 'response'}"
    api.submit(invocation())
    runtime.next()

    first, second = runtime.post(path, b'"done"'), runtime.post(path, b'"again"')

    assert (first[0], second[0]) == (202, 400)
    assert json.loads(second[2])["errorType"] == "InvalidRequestID"
    assert [events.get_nowait(), events.get_nowait()] == [Polled(), Answered("id-1", b'"done"', is_error)]
    assert events.empty()


def test_an_answer_to_an_unknown_invocation_is_refused(api, runtime, events):
    api.submit(invocation())
    runtime.next()

    assert runtime.post("invocation/other/response", b"{}")[0] == 400
    assert runtime.post("invocation/id-1/response", b"{}")[0] == 202


def test_chunked_bodies_are_put_together(api, runtime, events):
    api.submit(invocation())
    runtime.next()

    status, _, _ = runtime.post(
        "invocation/id-1/response", iter([b'"on', b"e", b' two"']), encode_chunked=True,
        headers={"Transfer-Encoding": "chunked"},
    )  # fmt: skip

    assert status == 202
    assert [events.get_nowait(), events.get_nowait()] == [
        Polled(),
        Answered("id-1", b'"one two"', is_error=False),
    ]


def test_a_response_beyond_the_limit_fails_the_invocation(api, runtime, events):
    api.submit(invocation())
    runtime.next()

    status, _, body = runtime.post("invocation/id-1/response", b"x" * (10 * 1024 * 1024 + 1))

    assert status == 413
    assert events.get_nowait() == Polled()
    answered = events.get_nowait()
    assert (answered.is_error, answered.payload) == (True, body)
    assert json.loads(body) == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size (10485761 bytes) exceeded maximum allowed payload size (10485760 bytes).",
    }


def test_an_init_error_is_reported_before_the_first_poll_only(api, runtime, events):
    first, second = runtime.post("init/error", b'{"errorType": "X"}'), runtime.post("init/error", b"{}")

    assert (first[0], second[0]) == (202, 403)
    assert events.get_nowait() == InitFailed(b'{"errorType": "X"}')
    assert events.empty()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", f"{PREFIX}/invocation/id-1/response", 405),
        ("POST", f"{PREFIX}/invocation/next", 405),
        ("POST", "/2020-01-01/extension/register", 404),
    ],
)
def test_what_is_not_in_the_protocol_is_refused(api, runtime, method, path, status):
    runtime.connection.request(method, path)

    assert runtime.connection.getresponse().status == status


@pytest.mark.parametrize(
    "request_tail",
    [b"Content-Length: x\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"],
)
def test_a_malformed_body_is_refused(api, runtime, request_tail):
    api.submit(invocation())
    runtime.next()
    runtime.connection.sock.sendall(
        f"POST {PREFIX}/invocation/id-1/response HTTP/1.1\r\nHost: x\r\n".encode() + request_tail
    )

    assert runtime.connection.sock.recv(100).startswith(b"HTTP/1.1 400 ")


def test_an_invocation_survives_a_runtime_that_hangs_up_while_it_waits(api, events):
    gone = Runtime(api.address)
    gone.connection.request("GET", f"{PREFIX}/invocation/next")
    assert events.get(timeout=SECONDS) == Polled()
    gone.connection.close()
    api.submit(invocation())

    status, headers, _ = Runtime(api.address).next()

    assert (status, headers["Lambda-Runtime-Aws-Request-Id"]) == (200, "id-1")


def test_an_invocation_that_nobody_took_can_be_withdrawn(api, runtime):
    api.submit(invocation())
    assert api.withdraw()

    api.submit(invocation("id-2"))
    assert runtime.next()[1]["Lambda-Runtime-Aws-Request-Id"] == "id-2"
    assert not api.withdraw()


def test_closing_lets_a_waiting_runtime_go(api, runtime, events):
    def poll():
        with pytest.raises(http.client.RemoteDisconnected):
            runtime.next()
        return "let go"

    polling = in_background(poll)
    assert events.get(timeout=SECONDS) == Polled()

    api.close()

    assert polling.get(timeout=SECONDS) == "let go"


def test_every_server_has_a_port_of_its_own_on_loopback(api, events):
    other = RuntimeApi(events.put)

    assert api.address.startswith("127.0.0.1:")
    assert api.address != other.address
    other.close()
