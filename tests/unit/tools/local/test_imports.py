"""What every command of the inner loop loads before it does anything."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("command", ["status", "env", "logs", "invoke", "reset"])
def test_a_command_does_not_load_what_only_type_checkers_and_the_cdk_need(command):
    script = f"from tidemark.cli import main; import sys; main(['{command}', '--state', '/nonexistent']); print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    heavy = {
        name for name in loaded.split() if name.startswith(("types_boto3", "aws_cdk", "boto3", "matplotlib"))
    }
    assert heavy == set()
