import subprocess

import pytest

from tidemark.errors import CommandError
from tidemark.local.variables import FROM_OUTPUTS, export_lines, merged, variables_of

PUBLIC = (
    "AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_DEFAULT_REGION AWS_REGION TIDEMARK_API_URL "
    "TIDEMARK_DATA_BUCKET TIDEMARK_PLOT_BUCKET TIDEMARK_HISTORY_TABLE TIDEMARK_LEDGER_TABLE TIDEMARK_QUEUE_URL "
    "TIDEMARK_DLQ_URL TIDEMARK_RULE_DLQ_URL TIDEMARK_SIZE_TRACKING_FUNCTION TIDEMARK_PLOTTING_FUNCTION "
    "TIDEMARK_DRIVER_FUNCTION"
)
OUTPUTS = {output: f"the {output}" for output in FROM_OUTPUTS.values()}


def test_the_variables_are_the_public_ones_and_each_holds_its_output():
    variables = variables_of("http://127.0.0.1:4566", OUTPUTS)

    assert " ".join(variables) == PUBLIC
    assert variables["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert variables["TIDEMARK_DLQ_URL"] == "the DlqUrl"


def test_an_output_that_is_missing_is_named():
    outputs = {name: value for name, value in OUTPUTS.items() if name != "ApiUrl"}

    with pytest.raises(CommandError, match="the stacks have no output ApiUrl: make local-down local-up"):
        variables_of("http://127.0.0.1:4566", outputs)


@pytest.mark.parametrize("value", ["plain", "two words", "it's", '$HOME `id` \\ "x"', "a\nb"])
def test_a_shell_reads_back_the_very_value(value):
    script = export_lines({"NAME": value}) + 'printf %s "$NAME"'

    read = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout

    assert read == value


def test_what_would_lead_aws_clients_elsewhere_is_left_out():
    shell = {
        "AWS_PROFILE": "work",
        "AWS_SESSION_TOKEN": "x",
        "AWS_ENDPOINT_URL_S3": "http://other",
        "PATH": "/bin",
    }

    environ = merged(shell, {"AWS_REGION": "us-east-1"})

    assert environ == {
        "PATH": "/bin",
        "AWS_REGION": "us-east-1",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


def test_a_proxy_is_not_asked_for_this_machine():
    assert merged({"no_proxy": "example.org"}, {})["NO_PROXY"] == "example.org,127.0.0.1"
