"""How ECR's refusals read; a server that answers as AWS does stands in for what no emulator refuses."""

import json
from contextlib import ExitStack
from http.server import HTTPServer

import pytest

from tests.servers import SilentHandler, running
from tidemark.images.ecr import Ecr, EcrError


@pytest.fixture
def refusing(monkeypatch, tmp_path):
    """Return a function that has ECR answer every call with an error of this code."""
    servers = ExitStack()

    def refusing(code, message):
        class Refusal(SilentHandler):
            def do_POST(self):
                self.body()
                self.answer(400, json.dumps({"__type": code, "message": message}).encode())

        server = servers.enter_context(running(HTTPServer(("127.0.0.1", 0), Refusal)))
        for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
        monkeypatch.setenv("AWS_REGION", "eu-central-1")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        monkeypatch.setenv("AWS_ENDPOINT_URL_ECR", f"http://127.0.0.1:{server.server_port}")

    with servers:
        yield refusing


@pytest.mark.parametrize(
    ("code", "message", "said"),
    [
        (
            "ExpiredTokenException",
            "The security token included in the request is expired",
            "credentials have expired",
        ),
        ("UnrecognizedClientException", "The security token is invalid", "AWS does not know the credentials"),
        ("AccessDeniedException", "User x is not authorized\nto perform y", "ECR in eu-central-1 refuses: "),
    ],
)
def test_a_refusal_is_one_line_that_says_what_to_do(refusing, code, message, said):
    refusing(code, message)

    with pytest.raises(EcrError) as caught:
        Ecr().log_in()

    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_impossible_region_is_named(refusing, monkeypatch):
    refusing("never", "asked")
    monkeypatch.setenv("AWS_REGION", "not a region")

    with pytest.raises(EcrError, match="ECR does not answer in region not a region"):
        Ecr()


def test_the_region_of_the_call_goes_before_the_default_one(refusing, monkeypatch):
    refusing("never", "asked")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    assert Ecr().region == "eu-central-1"
