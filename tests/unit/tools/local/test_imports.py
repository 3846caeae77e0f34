"""What every command of the inner loop loads before it does anything."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("command", ["local.status", "local.env", "loop.logs", "loop.invoke", "loop.reset"])
def test_a_command_does_not_load_what_only_type_checkers_and_the_cdk_need(command):
    script = f"import tidemark.{command}, sys; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    heavy = {
        name for name in loaded.split() if name.startswith(("types_boto3", "aws_cdk", "boto3", "matplotlib"))
    }
    assert heavy == set()
