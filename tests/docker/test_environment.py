"""The environment in Docker, started by Compose 1.29 and by Compose 2: it behaves as the one without Docker."""

import json
import os
import signal
import subprocess
import uuid

import pytest

from tests.docker.engine import COMPOSE_2
from tests.e2e.environment import Environment
from tests.integration.local.conftest import COMMAND_SECONDS, Local, new_local
from tests.waiting import until
from tidemark.aws import emulator
from tidemark.checkout import ROOT
from tidemark.images.docker import Docker
from tidemark.images.recipes import LOCAL
from tidemark.local import compose
from tidemark.local.backend import NAMES
from tidemark.local.condition import running
from tidemark.local.mode import backend_of
from tidemark.local.ports import free_port
from tidemark.loop.reloading import reload

HEALTH = {"httpMethod": "GET", "path": "/health", "resource": "/health"}
COMPOSES = {
    "as local-up finds it": {},
    **({"Compose 2": {"DOCKER_CONFIG": os.environ[COMPOSE_2]}} if COMPOSE_2 in os.environ else {}),
}


@pytest.fixture(scope="module", params=COMPOSES)
def local(docker, request, tmp_path_factory):
    """Yield the local commands with an environment that this Compose has started."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in COMPOSES[request.param].items():
            patch.setenv(name, value)
        local = new_local(tmp_path_factory.mktemp("docker"))
        started = up(local, "docker")
        assert started.returncode == 0, started.stderr
        assert f"in Docker: {docker.endpoint().removeprefix('unix://')}, MODE=docker" in started.stderr
        yield local
        local.down()


@pytest.fixture(scope="module")
def in_docker(local):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in running(local.state).variables.items():
            patch.setenv(name, value)
        return Environment.from_env()


def up(local: Local, mode: str):
    return local.run("local-up", "--port", str(local.port), "--mode", mode, timeout=2 * COMMAND_SECONDS)


def project_of(local):
    return backend_of(local.state).record.project


def services(project):
    """Return the engine's descriptions of a project's containers, by service."""
    listed = Docker().output("ps", "--quiet", "--filter", f"label=com.docker.compose.project={project}")
    return {
        container["Config"]["Labels"]["com.docker.compose.service"]: container
        for container in json.loads(Docker().output("inspect", *listed.split()))
    }


def await_health(project):
    def healthy():
        states = {name: container["State"] for name, container in services(project).items()}
        return {name for name, state in states.items() if state["Health"]["Status"] == "healthy"}

    until(lambda: healthy() == set(NAMES), "both services are healthy")


def client(local, service):
    return emulator.client(service, running(local.state).endpoint)


def invoke(environment: Environment, function: str, payload: object) -> tuple[str | None, object]:
    """Return the error of an invocation and its answer, of an error the parts that every call has in common."""
    endpoint = environment.api_url.partition("/_aws/")[0]
    answer = emulator.client("lambda", endpoint).invoke(FunctionName=function, Payload=json.dumps(payload))
    body = json.loads(answer["Payload"].read())
    error = answer.get("FunctionError")
    return error, {name: body[name] for name in ("errorType", "errorMessage")} if error else body


def test_compose_2_is_used_if_the_docker_command_has_it():
    """Otherwise both parameters of the tests below would mean the same Compose."""
    if COMPOSE_2 in os.environ:
        found = compose.command({**os.environ, "DOCKER_CONFIG": os.environ[COMPOSE_2]})
        assert found == ("docker", "compose")
        assert compose.command(os.environ) == ("docker-compose",)
    assert compose.command(os.environ)


def test_both_services_become_healthy(local):
    await_health(project_of(local))


def test_only_localstack_is_published_and_only_to_this_machine(local):
    bindings = {
        name: found["HostConfig"]["PortBindings"] for name, found in services(project_of(local)).items()
    }

    assert bindings == {
        "dynamodb": {},
        "localstack": {"4566/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(local.port)}]},
    }


def test_both_services_run_without_rights(local):
    for container in services(project_of(local)).values():
        assert container["Config"]["User"] == "65534:65534"
        assert container["HostConfig"]["ReadonlyRootfs"]
        assert container["HostConfig"]["CapDrop"] == ["ALL"]
        assert container["HostConfig"]["SecurityOpt"] == ["no-new-privileges:true"]


def test_a_change_is_tracked_by_the_function_of_the_image(local, in_docker):
    """One put goes through S3, EventBridge, SQS, a function's container and the DynamoDB engine's."""
    bucket = in_docker.data_bucket

    client(local, "s3").put_object(Bucket=bucket, Key=f"composed/{uuid.uuid4().hex}", Body=b"x" * 321)

    history = client(local, "dynamodb")
    latest = {
        "TableName": in_docker.history_table,
        "KeyConditionExpression": "bucket_name = :bucket",
        "ExpressionAttributeValues": {":bucket": {"S": bucket}},
        "ScanIndexForward": False,
        "Limit": 1,
    }
    until(
        lambda: [item["total_size"] for item in history.query(**latest)["Items"]] == [{"N": "321"}],
        "a sample of 321 bytes",
    )
    assert backend_of(local.state).functions()


def test_status_shows_the_containers(local):
    done = local.run("status")

    assert done.returncode == 0, done.stdout
    assert "LocalStack, container" in done.stdout
    assert "containers of them now" in done.stdout


def test_a_reload_builds_the_image_and_the_next_call_gets_a_new_container(local, in_docker):
    plotting, backend = in_docker.plotting_function, backend_of(local.state)
    invoke(in_docker, plotting, HEALTH)
    before = set(backend.containers())

    line = reload(local.state, running(local.state), "plotting")
    error, answer = invoke(in_docker, plotting, HEALTH)

    assert line == "the image is built again, its container is replaced with the next invocation"
    assert (error, answer["statusCode"]) == (None, 200)
    assert set(backend.containers()) - before


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
    answers = [one.call(method, path, **options) for one in (environment, in_docker)]

    without, within = [(answer.status_code, answer.json()) for answer in answers]
    assert without == within
    assert without[0] in {400, 403, 404}


@pytest.mark.parametrize("payload", [{}, {"Records": "none"}, {"Records": [{}]}])
@pytest.mark.parametrize("service", ["size_tracking", "plotting"])
def test_functions_fail_alike_in_both_modes(environment, in_docker, service, payload):
    without, within = [
        invoke(one, getattr(one, f"{service}_function"), payload) for one in (environment, in_docker)
    ]

    assert without == within


def test_no_function_outlives_localstack_killed_in_its_container(local):
    """This ends LocalStack, so only the last test may follow."""
    backend = backend_of(local.state)
    assert backend.functions()

    Docker().output(
        "kill", "--signal", str(int(signal.SIGKILL)), services(project_of(local))["localstack"]["Id"]
    )

    until(lambda: not backend.functions(), "no container of a function is left")


def test_down_leaves_no_container_and_no_network(docker, local):
    project = project_of(local)

    done = local.down()

    assert done.returncode == 0, done.stderr
    assert "no container, no network and no port is left" in done.stdout
    assert docker.output("ps", "--all", "--quiet", "--filter", f"network={project}") == ""
    assert project not in docker.output("network", "ls", "--format", "{{.Name}}")
    assert not local.state.root.exists()


@pytest.mark.parametrize("name", COMPOSES)
def test_compose_up_alone_builds_what_it_starts(docker, name):
    project, port = f"tidemark-test-{uuid.uuid4().hex[:8]}", free_port()
    environ = {
        **os.environ,
        **COMPOSES[name],
        "DOCKER_SOCKET": docker.endpoint().removeprefix("unix://"),
        "PORT": str(port),
        "TIDEMARK_NETWORK": project,
    }
    command = [
        *compose.command(environ),
        "--project-name",
        project,
        "--file",
        str(ROOT / "docker-compose.yml"),
    ]
    for recipe in LOCAL:
        docker.output("rmi", "--force", "--no-prune", recipe.name)

    try:
        done = subprocess.run(
            [*command, "up", "--detach"], env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        await_health(project)
        assert emulator.answers(f"http://127.0.0.1:{port}")
    finally:
        subprocess.run([*command, "down", "--volumes"], env=environ, capture_output=True, check=True)
