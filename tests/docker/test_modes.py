"""`make local-up` in Docker: the same commands, the same end-to-end assertions and the same errors as without it."""

import json
import sys
from pathlib import Path

import pytest
import requests

from tests.e2e.environment import Environment
from tests.integration.local.conftest import COMMAND_SECONDS, Local, new_local
from tidemark.local import emulator
from tidemark.local.condition import running
from tidemark.local.mode import backend_of
from tidemark.loop.reloading import reload

SECONDS = 60
MAIN_JOB = str(Path(__file__).parents[1] / "e2e" / "test_main_job.py")


@pytest.fixture(scope="module")
def local(docker, tmp_path_factory):
    """Yield the local commands with an environment up in Docker."""
    local = new_local(tmp_path_factory.mktemp("docker"))
    started = up(local, "docker")
    assert started.returncode == 0, started.stderr
    assert f"in Docker: {docker.endpoint().removeprefix('unix://')}, MODE=docker" in started.stderr
    yield local
    local.down()


@pytest.fixture(scope="module")
def in_docker(local):
    return environment_of(local)


def up(local: Local, mode: str):
    return local.run("local-up", "--port", str(local.port), "--mode", mode, timeout=2 * COMMAND_SECONDS)


def environment_of(local: Local) -> Environment:
    """Return the environment that the commands started."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in running(local.state).variables.items():
            patch.setenv(name, value)
        return Environment.from_env()


def told(environment: Environment, function: str, payload: object) -> tuple[str | None, object]:
    """Return the error of an invocation, and its type and text without what differs from call to call."""
    endpoint = environment.api_url.partition("/_aws/")[0]
    answer = emulator.client("lambda", endpoint).invoke(FunctionName=function, Payload=json.dumps(payload))
    body = json.loads(answer["Payload"].read())
    error = answer.get("FunctionError")
    return error, {name: body[name] for name in ("errorType", "errorMessage")} if error else body


def test_the_main_job_holds_in_docker(local):
    """The file that `make e2e` runs; without Docker, `make test` runs it."""
    done = local.run("env", "--", sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", MAIN_JOB)

    assert done.returncode == 0, done.stdout[-4000:]
    assert " passed" in done.stdout


def test_status_shows_the_containers(local):
    done = local.run("status")

    assert done.returncode == 0, done.stdout
    assert "LocalStack, container" in done.stdout
    assert "containers of them now" in done.stdout


def test_a_reload_builds_the_image_and_the_next_call_gets_a_new_container(local, in_docker):
    environment, health = (
        running(local.state),
        {"httpMethod": "GET", "path": "/health", "resource": "/health"},
    )
    plotting = environment.variables["TIDEMARK_PLOTTING_FUNCTION"]
    ours = backend_of(local.state)
    told(in_docker, plotting, health)
    before = set(ours.containers())

    line = reload(local.state, environment, "plotting")
    error, answer = told(in_docker, plotting, health)

    assert line == "the image is built again, its container is replaced with the next invocation"
    assert (error, answer["statusCode"]) == (None, 200)
    assert set(ours.containers()) - before


def test_up_again_changes_nothing_and_the_other_mode_is_refused(local):
    again, other = up(local, "docker"), up(local, "embedded")

    assert "is up already, nothing was changed" in again.stdout
    assert (again.returncode, other.returncode) == (0, 1)
    assert other.stderr == (
        "local-up: MODE=embedded: it is up in Docker already: run make local-down first\n"
    )


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("GET", "plot", {"params": {"window": "soon"}}),
        ("GET", "history", {"params": {"window": "-1"}}),
        ("GET", "plot", {"params": {"bucket": "nobody-tracks-this"}}),
        ("POST", "plot", {"data": b"{"}),
        ("GET", "nowhere", {}),
    ],
)
def test_bad_requests_are_answered_alike_in_both_modes(environment, in_docker, method, path, options):
    answers = [
        requests.request(method, f"{one.api_url}{path}", timeout=SECONDS, **options)
        for one in (environment, in_docker)
    ]

    without, within = [(answer.status_code, answer.json()) for answer in answers]
    assert without == within
    assert without[0] in {400, 403, 404}


@pytest.mark.parametrize("payload", [{}, {"Records": "none"}, {"Records": [{}]}])
@pytest.mark.parametrize("service", ["size_tracking", "plotting"])
def test_functions_fail_alike_in_both_modes(environment, in_docker, service, payload):
    without, within = [
        told(one, getattr(one, f"{service}_function"), payload) for one in (environment, in_docker)
    ]

    assert without == within


def test_down_leaves_no_container_and_no_network(docker, tmp_path, local):
    project = backend_of(local.state).record.project

    done = local.down()

    assert done.returncode == 0, done.stderr
    assert "no container, no network and no port is left" in done.stdout
    assert docker.output("ps", "--all", "--quiet", "--filter", f"network={project}") == ""
    assert project not in docker.output("network", "ls", "--format", "{{.Name}}")
    assert not local.state.root.exists()
