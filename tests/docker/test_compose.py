"""docker-compose.yml with Compose 1.29 and 2: both build and start the same environment, and nothing of it stays."""

import json
import os
import signal
import subprocess
import uuid

import pytest

from tests.docker.engine import COMPOSE_2
from tests.integration.local.conftest import COMMAND_SECONDS, new_local
from tests.waiting import until
from tidemark.checkout import ROOT
from tidemark.images.docker import Docker
from tidemark.images.recipes import LOCAL
from tidemark.local import compose, emulator
from tidemark.local.backend import NAMES
from tidemark.local.condition import running
from tidemark.local.mode import backend_of
from tidemark.local.ports import free_port

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
        local = new_local(tmp_path_factory.mktemp("composed"))
        started = local.run(
            "local-up", "--port", str(local.port), "--mode", "docker", timeout=2 * COMMAND_SECONDS
        )
        assert started.returncode == 0, started.stderr
        yield local
        local.down()


def project_of(local):
    return backend_of(local.state).record.project


def services(project):
    """Return the engine's descriptions of a project's containers, by service."""
    listed = Docker().output("ps", "--quiet", "--filter", f"label=com.docker.compose.project={project}")
    return {
        container["Config"]["Labels"]["com.docker.compose.service"]: container
        for container in json.loads(Docker().output("inspect", *listed.split()))
    }


def client(local, service):
    return emulator.client(service, running(local.state).endpoint)


def test_compose_2_is_used_if_the_docker_command_has_it():
    """Otherwise both parameters of the tests below would mean the same Compose."""
    if COMPOSE_2 in os.environ:
        found = compose.command({**os.environ, "DOCKER_CONFIG": os.environ[COMPOSE_2]})
        assert found == ("docker", "compose")
        assert compose.command(os.environ) == ("docker-compose",)
    assert compose.command(os.environ)


def await_health(project):
    def healthy():
        states = {name: container["State"] for name, container in services(project).items()}
        return {name for name, state in states.items() if state["Health"]["Status"] == "healthy"}

    until(lambda: healthy() == set(NAMES), "both services are healthy")


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


def test_a_change_is_tracked_by_the_function_of_the_image(local):
    """One put goes through S3, EventBridge, SQS, a function's container and the DynamoDB engine's."""
    variables = running(local.state).variables
    bucket, key = variables["TIDEMARK_DATA_BUCKET"], f"composed/{uuid.uuid4().hex}"

    client(local, "s3").put_object(Bucket=bucket, Key=key, Body=b"x" * 321)

    history = client(local, "dynamodb")
    latest = {
        "TableName": variables["TIDEMARK_HISTORY_TABLE"],
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


def test_no_function_outlives_localstack_killed_in_its_container(local):
    """This ends LocalStack, so only the last test may follow."""
    composed = backend_of(local.state)
    assert composed.functions()

    Docker().output(
        "kill", "--signal", str(int(signal.SIGKILL)), services(project_of(local))["localstack"]["Id"]
    )

    until(lambda: not composed.functions(), "no container of a function is left")


def test_down_leaves_nothing_of_it(docker, local):
    project = project_of(local)

    done = local.down()

    assert done.returncode == 0, done.stderr
    assert docker.output("ps", "--all", "--quiet", "--filter", f"network={project}") == ""
    assert project not in docker.output("network", "ls", "--format", "{{.Name}}")


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
