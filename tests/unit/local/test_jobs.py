import sys
import time

import pytest

from infra_cdk.local.jobs import InstallError, Job, explain, run_all

UV_UNREACHABLE = [
    "      Built localstack-image-lambda @ file:///repository/images/localstack",
    "error: Failed to download `pydantic==2.12.5`",
    "  cause: Request failed after 3 retries in 3.7s",
    "  cause: Failed to fetch: https://example.org/packages/pydantic-2.12.5-py3-none-any.whl",
    "  cause: error sending request for url (https://example.org/packages/pydantic-2.12.5-py3-none-any.whl)",
    "  cause: client error (Connect)",
    "  cause: Connection refused (os error 111)",
]
UV_OFFLINE = [
    "error: Failed to download `cachetools==7.0.2`",
    "  cause: Network connectivity is disabled, but the requested data wasn't found in the cache for: `https://…`",
]
PIP_UNREACHABLE = [
    "WARNING: Retrying (Retry(total=1)) after connection broken by 'NewConnectionError('refused')': /simple/uv/",
    "ERROR: Could not find a version that satisfies the requirement uv==0.13.8 (from versions: none)",
    "ERROR: No matching distribution found for uv==0.13.8",
]


def python(code):
    return [sys.executable, "-c", code]


def job(tmp_path, name, code):
    return Job(name, tmp_path / f"{name}.txt", [python(code)], {})


@pytest.mark.parametrize(
    ("output", "named"), [(UV_UNREACHABLE, "pydantic==2.12.5"), (UV_OFFLINE, "cachetools==7.0.2")]
)
def test_an_unreachable_index_is_said_to_be_the_network_with_what_could_not_be_downloaded(output, named):
    line = explain(output, "LocalStack", ".venvs/log/localstack.txt")

    assert line == (
        f"could not download LocalStack ({named}): check the network and run the same command again;"
        " log: .venvs/log/localstack.txt"
    )


def test_pip_without_network_is_explained_too():
    assert explain(PIP_UNREACHABLE, "uv 0.13.8", "log").startswith(
        "could not download uv 0.13.8: check the network"
    )


def test_a_lock_that_does_not_fit_names_the_command_that_writes_it():
    output = ["error: The lockfile at `uv.lock` needs to be updated, but `--locked` was provided."]

    assert "uv lock" in explain(output, "the tools", "log")


def test_any_other_failure_quotes_its_first_complaint():
    output = ["Resolved 3 packages", "error: No space left on device (os error 28)", "hint: buy more"]

    assert explain(output, "the tools", "log") == (
        "could not install the tools: error: No space left on device (os error 28); log: log"
    )


def test_jobs_that_succeed_are_reported_and_logged(tmp_path, capsys):
    ended = []

    run_all(
        [job(tmp_path, "one", "print('first')"), job(tmp_path, "two", "print('second')")], done=ended.append
    )

    assert sorted(one.what for one in ended) == ["one", "two"]
    assert (tmp_path / "one.txt").read_text() == "first\n"
    assert "install: two: 0 s" in capsys.readouterr().err


def test_the_first_failure_stops_the_others(tmp_path):
    slow = job(tmp_path, "slow", "import time; time.sleep(60)")
    bad = job(tmp_path, "bad", "import time, sys; time.sleep(0.3); sys.exit('error: it broke')")
    began = time.monotonic()

    with pytest.raises(InstallError, match="could not install bad: error: it broke"):
        run_all([slow, bad])

    assert time.monotonic() - began < 50


def test_a_job_ends_at_its_first_command_that_fails(tmp_path):
    log = tmp_path / "log.txt"
    both = Job("both", log, [python("raise SystemExit('error: first')"), python("print('second')")], {})

    with pytest.raises(InstallError, match="error: first"):
        run_all([both])

    assert "second" not in log.read_text()
