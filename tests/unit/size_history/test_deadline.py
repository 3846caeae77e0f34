"""No attempt of any request begins after the deadline; asked of botocore's own clients and retries."""

import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.retries import standard

from size_history.budgets import Client
from size_history.deadline import Deadline, OutOfTimeError
from tests.servers import SilentHandler, hanging_server, serving

SHORT = Client(connect_seconds=0.2, read_seconds=0.2, attempts=3)


@pytest.fixture
def pauses(monkeypatch):
    """Return the pauses that botocore makes between attempts; they take no time."""
    made = []
    monkeypatch.setattr("botocore.endpoint.time.sleep", made.append)
    return made


@pytest.fixture
def busy():
    """Yield a server that refuses every request with this status and these headers, and its requests."""

    class Handler(SilentHandler):
        def do_HEAD(self):
            self.server.requests += 1
            self.server.on_request()
            self.send_response(self.server.status)
            for name, value in self.server.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

    with serving(Handler) as server:
        server.status, server.headers, server.requests, server.on_request = 503, {}, 0, lambda: None
        yield server


def client_of(url, deadline, client=SHORT, **config):
    made = boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(**{**client.config(), **config}),
    )
    deadline.bind(made)
    return made


def head(client):
    return client.head_object(Bucket="bucket", Key="key")


def test_without_an_instant_every_attempt_is_made(busy, pauses):
    with pytest.raises(ClientError):
        head(client_of(busy.url, Deadline()))

    assert busy.requests == SHORT.attempts


def test_after_the_deadline_no_request_begins_and_the_error_names_it(busy, pauses):
    deadline = Deadline()
    deadline.allow(0)

    with pytest.raises(OutOfTimeError, match=r"^out of time before s3\.HeadObject began$"):
        head(client_of(busy.url, deadline))

    assert busy.requests == 0
    assert pauses == []


def test_a_retry_is_an_attempt_too_and_the_error_is_not_retried(busy, pauses):
    deadline = Deadline()
    busy.on_request = lambda: deadline.allow(0)

    with pytest.raises(OutOfTimeError):
        head(client_of(busy.url, deadline))

    assert busy.requests == 1
    assert len(pauses) == 1


@pytest.mark.parametrize("mode", ["standard", "legacy", "adaptive"])
def test_no_mode_of_retries_takes_the_error_for_one_that_passes(busy, pauses, mode):
    deadline = Deadline()
    deadline.allow(0)
    client = client_of(busy.url, deadline, retries={"mode": mode, "total_max_attempts": 3})

    with pytest.raises(OutOfTimeError):
        head(client)

    assert (busy.requests, pauses) == (0, [])


def test_an_attempt_that_had_begun_goes_on_to_its_own_timeout():
    deadline = Deadline()
    with hanging_server() as url:
        client = client_of(url, deadline, Client(connect_seconds=1, read_seconds=0.5, attempts=1))
        deadline.allow(0.1)
        began = time.monotonic()

        with pytest.raises(ReadTimeoutError):
            head(client)

    assert 0.4 < time.monotonic() - began < 5


def test_a_request_that_hangs_ends_after_the_attempt_during_which_the_deadline_passes(pauses):
    deadline = Deadline()
    with hanging_server() as url:
        client = client_of(url, deadline, Client(connect_seconds=1, read_seconds=0.3, attempts=100))
        deadline.allow(0.5)

        with pytest.raises(OutOfTimeError):
            head(client)

    assert len(pauses) == 2


def test_the_error_rises_unchanged_from_every_thread(busy, pauses):
    deadline = Deadline()
    client = client_of(busy.url, deadline)
    deadline.allow(0)

    with ThreadPoolExecutor(4) as pool:
        errors = [pool.submit(head, client).exception() for _ in range(8)]

    assert {type(error) for error in errors} == {OutOfTimeError}


def test_a_new_instant_counts_for_clients_that_were_bound_before(busy, pauses):
    deadline = Deadline()
    client = client_of(busy.url, deadline)
    deadline.allow(0)
    busy.status = 404

    deadline.allow(60)

    with pytest.raises(ClientError, match="404"):
        head(client)


@pytest.mark.parametrize(("left", "granted"), [(60, True), (4, True), (3.999, False), (2, False)])
def test_a_pause_that_a_service_asks_for_is_granted_only_if_it_ends_in_time(busy, pauses, left, granted):
    deadline = Deadline(Clock())
    deadline.allow(left)
    busy.headers = {"x-amz-retry-after": "4000"}

    with pytest.raises(ClientError):
        head(client_of(busy.url, deadline))

    assert busy.requests == SHORT.attempts
    assert all((pause >= 4) is granted for pause in pauses)


def test_the_longest_pause_of_botocore_is_the_one_that_is_budgeted(monkeypatch, busy, pauses):
    """Only throttling makes it pause so long. Its random factor is the highest here."""
    monkeypatch.setattr(standard.ExponentialBackoff, "_get_base_scale", lambda *_: 1)
    monkeypatch.setattr(standard.ExponentialBackoff.__init__, "__defaults__", (20, lambda: 1.0, None, None))

    with pytest.raises(ClientError):
        head(client_of(busy.url, Deadline()))

    assert max(pauses) == SHORT.max_pause_seconds
    assert sum(pauses) == SHORT.longest_seconds - SHORT.attempts * SHORT.attempt_seconds
    assert max(standard.ExponentialBackoff._DEFAULT_BACKOFF_CONFIG.values()) == 1


class Clock:
    def __init__(self):
        self.now = 1_000_000_000

    def __call__(self):
        return self.now

    def pass_seconds(self, seconds):
        self.now += round(seconds * 1_000_000)


def test_each_share_is_a_part_of_the_time_that_is_left_when_it_begins():
    clock = Clock()
    deadline = Deadline(clock)
    deadline.allow(12)
    given = []

    for parts in (4, 3, 2, 1):
        given.append((deadline.share(parts, at_least=0) - clock.now) / 1_000_000)
        clock.pass_seconds({4: 1, 3: 6}.get(parts, 0))  # the first takes less than its share, the second more

    assert given == [3, pytest.approx(11 / 3), 2.5, 5]


def test_a_share_is_long_enough_to_be_of_use_and_ends_by_the_deadline():
    clock = Clock()
    deadline = Deadline(clock)
    deadline.allow(12)

    assert deadline.share(100, at_least=5) == clock.now + 5_000_000
    assert deadline.share(100, at_least=50) == deadline.at


def test_within_a_block_an_earlier_instant_counts_and_a_later_one_does_not():
    clock = Clock()
    deadline = Deadline(clock)
    deadline.allow(12)

    with deadline.until(clock.now + 2_000_000):
        earlier = deadline.left()
    with deadline.until(clock.now + 20_000_000):
        later = deadline.left()

    assert (earlier, later, deadline.left()) == (2, 12, 12)


def test_a_block_that_fails_leaves_the_deadline_as_it_was():
    clock = Clock()
    deadline = Deadline(clock)
    deadline.allow(12)

    with pytest.raises(OutOfTimeError), deadline.until(clock.now):
        deadline.require("the block")

    assert deadline.left() == 12


def test_instants_are_whole_microseconds_of_the_wall_clock_unless_a_test_says_otherwise(monkeypatch):
    monkeypatch.setattr("time.time_ns", lambda: 1_800_000_000_123_456_789)
    deadline = Deadline()

    deadline.allow(0)

    assert deadline.at == 1_800_000_000_123_456


def test_an_instant_that_has_passed_says_what_did_not_begin():
    deadline = Deadline(Clock())
    deadline.allow(-1)

    with pytest.raises(OutOfTimeError, match="out of time before the watch began"):
        deadline.require("the watch")
