"""Nothing is changed in an account or a region that is not meant, and every refusal is one line with the fix."""

import signal

import pytest

from tests.unit.tools.operations.conftest import ACCOUNT, ARN, nobody
from tidemark import cli
from tidemark.aws.account import BOOTSTRAP_PARAMETER, agree
from tidemark.aws.deployment import Deployment
from tidemark.errors import CommandError

CHANGING = ("deploy", "destroy", "bootstrap")
EVERY = (*CHANGING, "validate", "diff")
MEANT = ("--account", ACCOUNT, "--region", "eu-central-1")


@pytest.fixture(autouse=True)
def no_command_line(monkeypatch):
    """Fail a test whose command gets as far as the CDK's command line."""

    def refuse(arguments, _environ):
        raise AssertionError(f"cdk {arguments}")

    monkeypatch.setattr("tidemark.deliver.cdk.run", refuse)


@pytest.mark.parametrize("command", EVERY)
def test_another_account_or_region_is_refused(aws, refusal, command):
    assert refusal(command, "--target", "prod", "--account", "999999999999") == (
        f"{command}: wrong account: the credentials are for {ACCOUNT} ({ARN}), not for 999999999999: "
        "choose others (AWS_PROFILE) or correct ACCOUNT="
    )
    assert refusal(command, "--target", "prod", "--account", ACCOUNT, "--region", "us-east-1") == (
        f"{command}: wrong region: eu-central-1 is set, not us-east-1: AWS_REGION=us-east-1 or correct REGION="
    )
    assert set(aws.requested) == {"GetCallerIdentity"}


@pytest.mark.parametrize(
    ("code", "line"),
    [
        (
            "ExpiredToken",
            "the AWS credentials have expired: sign in (aws sso login, aws configure) or set AWS_PROFILE",
        ),
        (
            "InvalidClientTokenId",
            "AWS does not know the credentials in region eu-central-1 (InvalidClientTokenId): ",
        ),
    ],
)
def test_credentials_that_aws_refuses_are_one_line(aws, refusal, code, line):
    aws.refusal = (code, "The security token included in the request is no good")

    assert refusal("deploy", "--target", "prod", *MEANT).startswith(f"deploy: {line}")


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
@pytest.mark.parametrize("command", [*EVERY, "redrive"])
def test_no_credentials_are_one_line(monkeypatch, tmp_path, refusal, command, variable):
    nobody(monkeypatch, tmp_path)
    monkeypatch.setenv(variable, "eu-central-1")

    assert refusal(command, "--target", "prod") == (
        f"{command}: there are no AWS credentials (Unable to locate credentials): "
        "sign in (aws sso login, aws configure) or set AWS_PROFILE"
    )


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        ({}, "no AWS region is set: AWS_REGION=eu-central-1 make ..."),
        (
            {"AWS_PROFILE": "nobodys"},
            "The config profile (nobodys) could not be found: correct AWS_PROFILE, or aws configure",
        ),
        (
            {"AWS_REGION": "eu central 1"},
            "'eu central 1' is no region of AWS, such as eu-central-1: correct AWS_REGION",
        ),
    ],
)
def test_a_region_or_profile_that_does_not_exist_is_one_line(monkeypatch, tmp_path, refusal, variables, line):
    nobody(monkeypatch, tmp_path)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert refusal("deploy", "--target", "prod") == f"deploy: {line}"


@pytest.mark.parametrize("command", CHANGING)
def test_an_account_that_nobody_named_is_not_changed_by_a_script(aws, monkeypatch, refusal, command):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)

    assert refusal(command, "--target", "prod") == (
        f"{command}: nobody said that this account and region are meant: "
        f"ACCOUNT={ACCOUNT} REGION=eu-central-1, if they are"
    )


@pytest.fixture
def terminal(monkeypatch):
    """Return a function that puts somebody with an answer at the terminal, and returns the questions."""

    def terminal(answer):
        questions = []
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        monkeypatch.setattr("builtins.input", lambda question: questions.append(question) or answer)
        return questions

    return terminal


@pytest.mark.parametrize("named", [None, ACCOUNT])
def test_where_it_would_happen_is_said_and_asked_unless_account_and_region_are_named(
    aws, capsys, terminal, named
):
    questions = terminal(f" {ACCOUNT}\n")

    caller = agree(Deployment("prod"), "deploy", account=named, region=None)

    assert capsys.readouterr().out == (
        f"deploy target prod: account {ACCOUNT}, region eu-central-1, as {ARN}\n"
    )
    assert (caller.account, caller.region, caller.partition) == (ACCOUNT, "eu-central-1", "aws")
    assert len(questions) == 1


@pytest.mark.parametrize("answer", ["", "y", "yes", "999999999999"])
def test_any_other_answer_than_the_accounts_number_does_nothing(aws, terminal, answer):
    terminal(answer)

    with pytest.raises(CommandError, match="nothing was done"):
        agree(Deployment("prod"), "deploy", account=None, region=None)


@pytest.mark.parametrize(
    ("parameters", "line"),
    [
        ({}, f"account {ACCOUNT} is not bootstrapped for the CDK in region eu-central-1"),
        (
            {BOOTSTRAP_PARAMETER: "4"},
            f"the CDK's bootstrap of account {ACCOUNT} in region eu-central-1 is version 4, and 6 is needed",
        ),
    ],
)
def test_an_account_without_a_bootstrap_that_will_do_is_one_line(aws, refusal, parameters, line):
    aws.parameters = parameters

    assert refusal("deploy", "--target", "prod", *MEANT) == f"deploy: {line}: make bootstrap TARGET=prod"


def test_an_unknown_target_is_one_line(refusal):
    assert refusal("deploy", "--target", "staging") == (
        "deploy: unknown target 'staging': it is one of prod, dev, local"
    )


@pytest.mark.parametrize("command", CHANGING)
def test_ctrl_d_at_the_question_does_nothing(aws, monkeypatch, capsys, command):
    def ended(_question):
        raise EOFError

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", ended)

    assert cli.main([command, "--target", "prod"]) == 1
    assert capsys.readouterr().err == f"\n{command}: nobody answered, so nothing was done\n"
    assert aws.requested == ["GetCallerIdentity"]


def test_ctrl_c_while_something_goes_on_by_itself_says_that_it_goes_on(aws, monkeypatch, capsys):
    def interrupt(*_):
        signal.raise_signal(signal.SIGINT)

    aws.parameters[BOOTSTRAP_PARAMETER] = "30"
    monkeypatch.setattr("tidemark.deliver.deploy._times_of_change", lambda _: {})
    monkeypatch.setattr("tidemark.deliver.deploy._push_images", lambda *_: None)
    monkeypatch.setattr(
        "tidemark.deliver.cdk.run",
        lambda arguments, _: interrupt() if "Tidemark-prod/*" in arguments else 0,
    )

    assert cli.main(["deploy", "--target", "prod", *MEANT]) == 130
    assert capsys.readouterr().err == (
        "deploy: stopped by SIGINT; what was asked for goes on without being watched\n"
    )
