"""A request that hangs costs an answer, and never a killed function."""

import json
from dataclasses import replace

import pytest

from plotting import handler as module
from size_history.budgets import PLOTTING
from tests.hanging import Invocation, hanging_proxy, shrink
from tests.integration.plotting.calls import event, forget, put_prefixes, track

__all__ = ["shrink"]

CALLS = {
    "POST /plot": event("POST", "/plot", body={}),
    "GET /prefixes": event("GET", "/prefixes"),
    "GET /buckets": event("GET", "/buckets"),
}


@pytest.fixture
def proxy(world, monkeypatch, shrink, aws_endpoint):
    """Yield a proxy through which plotting reaches everything, with a quarter of its time for each request.

    It keeps all of its time to work: reading and drawing are no faster here than on Lambda.
    """
    track(world, 5, 7)
    put_prefixes(world, a=5, b=2)
    monkeypatch.setattr(module, "BUDGET", replace(PLOTTING, clients=shrink(PLOTTING, 4).clients))
    with hanging_proxy(aws_endpoint) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        monkeypatch.setenv("QUEUE_URL", world.queue_url.replace(aws_endpoint, proxy.url))
        forget()
        yield proxy


def invoke(call):
    invocation = Invocation(module.BUDGET)
    answer = module.handler(call, invocation.context)
    invocation.assert_not_killed()
    return answer


@pytest.mark.parametrize("call", CALLS)
def test_every_kind_of_request_may_hang(proxy, call):
    assert invoke(CALLS[call])["statusCode"] == 200
    operations = dict.fromkeys(proxy.requests)

    for hanging in operations:
        forget()
        proxy.hangs = lambda operation, _, hanging=hanging: operation == hanging
        answer = invoke(CALLS[call])

        if hanging.startswith("sqs."):  # the rest of the answer is right without it
            assert answer["statusCode"] == 200
            assert "did not answer" in answer["headers"]["Tidemark-Queue-Problem"]
        else:
            assert answer["statusCode"] == 500
            assert answer["headers"]["Content-Type"] == "application/problem+json"
            assert json.loads(answer["body"])["type"] == "urn:tidemark:problem:internal"


def test_when_everything_hangs_there_is_an_answer_too(proxy, caplog):
    proxy.hangs = lambda *_: True

    answer = invoke(CALLS["GET /buckets"])

    assert answer["statusCode"] == 500
    assert "request 1 failed: " in caplog.text


def test_with_no_time_left_nothing_is_asked(proxy, caplog):
    context = Invocation(module.BUDGET).context
    context.get_remaining_time_in_millis = lambda: 0

    answer = module.handler(CALLS["GET /buckets"], context)

    assert answer["statusCode"] == 500
    assert "OutOfTimeError: out of time before dynamodb." in caplog.text
    assert proxy.requests == []
