import os
import signal
import sys
import threading

import pytest

from tidemark.errors import CommandError
from tidemark.installation.jobs import Job, UntouchedError, failure, run_all

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
    error = failure("\n".join(output), "LocalStack", ".venvs/log/localstack.txt")

    assert isinstance(error, UntouchedError)
    assert str(error) == (
        f"could not download LocalStack ({named}): check the network and run the same command again;"
        " log: .venvs/log/localstack.txt"
    )


def test_pip_without_network_is_explained_too():
    assert str(failure("\n".join(PIP_UNREACHABLE), "uv 0.13.8", "log")).startswith(
        "could not download uv 0.13.8: check the network"
    )


def test_a_lock_that_does_not_fit_names_the_command_that_writes_it():
    output = ["error: The lockfile at `uv.lock` needs to be updated, but `--locked` was provided."]

    assert "uv lock" in str(failure("\n".join(output), "the tools", "log"))


def test_any_other_failure_quotes_its_first_complaint():
    output = ["Resolved 3 packages", "error: No space left on device (os error 28)", "hint: buy more"]

    assert str(failure("\n".join(output), "the tools", "log")) == (
        "could not install the tools: error: No space left on device (os error 28); log: log"
    )


def test_jobs_that_succeed_are_reported_and_logged(tmp_path, capsys):
    run_all([job(tmp_path, "one", "print('first')"), job(tmp_path, "two", "print('second')")])

    assert (tmp_path / "one.txt").read_text() == "first\n"
    assert "install: two: 0 s" in capsys.readouterr().err


def test_after_a_failure_what_runs_may_finish_and_nothing_new_is_begun(tmp_path):
    slow = job(tmp_path, "slow", "import time; time.sleep(1); print('finished')")
    bad = job(tmp_path, "bad", "import sys; sys.exit('error: it broke')")
    later = job(tmp_path, "later", "print('too late')")
    later_still = job(tmp_path, "later still", "print('too late')")

    with pytest.raises(CommandError, match="could not install bad: error: it broke"):
        run_all([slow, bad, later, later_still])

    assert (tmp_path / "slow.txt").read_text() == "finished\n"
    assert not (tmp_path / "later still.txt").exists()


def test_an_interrupt_stops_what_runs(tmp_path):
    slow = job(tmp_path, "slow", "import time; print('began', flush=True); time.sleep(600)")
    signalled = threading.Timer(1.0, os.kill, [os.getpid(), signal.SIGINT])
    signalled.start()

    with pytest.raises(KeyboardInterrupt):
        run_all([slow])

    assert (tmp_path / "slow.txt").read_text() == "began\n"


def test_a_job_ends_at_its_first_command_that_fails(tmp_path):
    log = tmp_path / "log.txt"
    both = Job("both", log, [python("raise SystemExit('error: first')"), python("print('second')")], {})

    with pytest.raises(CommandError, match="error: first"):
        run_all([both])

    assert "second" not in log.read_text()
