"""What a person reads when there is no LocalStack to deploy to."""

import pytest

from tests.servers import SilentHandler, serving
from tidemark.aws.emulator import client
from tidemark.errors import CommandError
from tidemark.local.deployment.deploy import deploy
from tidemark.local.ports import free_port
from tidemark.progress import Progress


class NotLocalStack(SilentHandler):
    def do_GET(self):
        self.answer(200, b"<html>hello</html>" if self.server.html else b'{"status": "ok"}')


@pytest.fixture(params=[True, False])
def other_server(request):
    with serving(NotLocalStack) as server:
        server.html = request.param
        yield server.url


def refusal(endpoint):
    with pytest.raises(CommandError) as raised:
        deploy(endpoint, (), Progress())
    return str(raised.value)


def test_without_localstack_the_error_says_what_to_run():
    endpoint = f"http://127.0.0.1:{free_port()}"

    error = refusal(endpoint)

    assert error.startswith(f"no LocalStack answers at {endpoint} (")
    assert error.endswith("): run make local-up")
    assert "\n" not in error


def test_another_program_on_the_port_is_not_deployed_to(other_server):
    assert refusal(other_server) == f"what answers at {other_server} is not LocalStack: choose another PORT="


@pytest.mark.parametrize("endpoint", ["4566", "ftp://127.0.0.1", "http://127.0.0.1:99999"])
def test_an_endpoint_that_is_none_is_named(endpoint):
    assert "is no endpoint: it looks like http://127.0.0.1:4566" in refusal(endpoint)


def test_clients_heed_nothing_of_the_shell_that_leads_elsewhere(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "a-profile-that-does-not-exist")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a-real-key")
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "https://sqs.example.com")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example.com")

    sqs = client("sqs", "http://127.0.0.1:4566")

    assert sqs.meta.endpoint_url == "http://127.0.0.1:4566"
    assert sqs.meta.region_name == "us-east-1"
    assert sqs.meta.config.proxies == {}
    assert sqs._request_signer._credentials.access_key == "test"
