"""An AWS whose answers a test gives, because no emulator refuses credentials, accounts or regions."""

import json
from urllib.parse import parse_qs

import pytest

from tests.servers import SilentHandler, serving
from tidemark import cli

ACCOUNT = "123456789012"
ARN = f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/somebody"

_IDENTITY = f"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<GetCallerIdentityResult><Arn>{ARN}</Arn><UserId>AROA:somebody</UserId><Account>{ACCOUNT}</Account>
</GetCallerIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"""


class Aws:
    """The answers of AWS, and the actions that were requested."""

    def __init__(self) -> None:
        self.refusal: tuple[str, str] | None = None
        self.parameters: dict[str, str] = {}
        self.requested: list[str] = []

    def answer(self, headers, body: str) -> tuple[int, str]:
        target = headers.get("X-Amz-Target", "")
        action = target.rpartition(".")[2] or parse_qs(body)["Action"][0]
        self.requested.append(action)
        if action == "GetCallerIdentity":
            return (403, _error(*self.refusal)) if self.refusal else (200, _IDENTITY)
        if action == "GetParameter":
            return self._parameter(json.loads(body)["Name"])
        return 400, _error("AccessDenied", f"{action} is not what this test is about")

    def _parameter(self, name: str) -> tuple[int, str]:
        if name not in self.parameters:
            return 400, json.dumps({"__type": "ParameterNotFound"})
        return 200, json.dumps({"Parameter": {"Name": name, "Value": self.parameters[name]}})


def _error(code: str, message: str) -> str:
    return f"""<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>{code}</Code><Message>{message}</Message></Error><RequestId>1</RequestId></ErrorResponse>"""


@pytest.fixture
def aws(monkeypatch, tmp_path):
    """Yield an AWS in whose account somebody has signed in, for the region eu-central-1."""
    made = Aws()

    class Handler(SilentHandler):
        def do_POST(self):
            status, answer = made.answer(self.headers, self.body().decode())
            self.answer(status, answer.encode())

    with serving(Handler) as server:
        nobody(monkeypatch, tmp_path)
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        monkeypatch.setenv("AWS_REGION", "eu-central-1")
        yield made


@pytest.fixture
def refusal(capsys):
    """Return a function that runs a sub-command, which has to fail with one line on stderr, and returns that line."""

    def refusal(*arguments):
        code = cli.main(arguments)
        (line,) = capsys.readouterr().err.splitlines()
        assert code == 1
        return line

    return refusal


def nobody(monkeypatch, tmp_path):
    """Take away everything that the machine knows about AWS."""
    for name in (
        *("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        *("AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"),
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
