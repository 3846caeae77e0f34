"""schemathesis sends the running API everything that the contract allows, and much that it forbids.

Three of its checks are left out. LocalStack verifies no signatures; tests/infra/test_api.py checks that they are demanded. API Gateway
answers methods that a path does not have, with a 403. And no schema can say that `from` is earlier than `to`, so a check of
our own (contract_checks.py) decides which valid requests may be refused.
"""

import copy
import os
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest
import yaml

from size_history.times import to_text
from tidemark.checkout import ROOT

HOOKS = Path(__file__).with_name("contract_checks.py")
ST = Path(sys.executable).with_name("st")
SEED = 20261121
EXAMPLES = 30
"""Random requests to each operation, in addition to those for each parameter's bounds."""
LEFT_OUT = "ignored_auth,missing_required_header,unsupported_method,positive_data_acceptance"


@pytest.fixture
def contract_directory(tmp_path, environment, get, tracked):
    """Write the contract without signatures, and values that the running API knows, into a directory."""
    contract = copy.deepcopy(yaml.safe_load((resources.files("plotting") / "openapi.yaml").read_text()))
    del contract["security"], contract["components"]["securitySchemes"]
    (tmp_path / "openapi.yaml").write_text(yaml.safe_dump(contract))
    instants = [to_text(sample.time) for sample in tracked.samples]
    pages = [get(path, bucket=tracked.bucket, limit=1) for path in ("history", "prefixes")]
    known = {
        "buckets": [tracked.bucket, environment.data_bucket],
        "instants": instants,
        "cursors": [page.json()["next"] for page in pages],
    }
    lines = [f"[dictionaries.{name}]\nvalues = {values}\n" for name, values in known.items()]
    lines.append("[parameters]")
    for parameter, name in {
        "query.bucket": "buckets",
        "query.from": "instants",
        "query.to": "instants",
        "query.at": "instants",
        "query.cursor": "cursors",
    }.items():
        lines.append(f'"{parameter}" = {{ dictionary = "{name}", probability = 0.6 }}')
    (tmp_path / "schemathesis.toml").write_text("\n".join(lines))
    return tmp_path


@pytest.mark.timeout(900)
def test_no_request_breaks_the_contract(contract_directory, environment):
    arguments = ["--url", environment.api_url, "--seed", str(SEED), "--max-examples", str(EXAMPLES)]
    done = subprocess.run(
        [
            ST,
            *("--config-file", "schemathesis.toml", "run", "openapi.yaml"),
            *arguments,
            *("--exclude-checks", LEFT_OUT, "--phases", "examples,coverage,fuzzing"),
            *("--request-timeout", "60", "--generation-database", "none", "--no-color"),
        ],
        cwd=contract_directory,
        env={**os.environ, "SCHEMATHESIS_HOOKS": str(HOOKS), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=840,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    operations = sum(
        len(methods)
        for methods in yaml.safe_load((contract_directory / "openapi.yaml").read_text())["paths"].values()
    )
    assert f"Tested: {operations}" in done.stdout
