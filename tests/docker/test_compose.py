"""docker-compose.yml with every Compose at hand: 1.29 and 2 start the same environment, and nothing of it stays."""

import json
import os
import signal
import uuid

import pytest

from harness import until
from tests.docker.engine import COMPOSE_2
from tests.integration.local.conftest import COMMAND_SECONDS, new_local
from tidemark.images.docker import Docker
from tidemark.local import compose, emulator
from tidemark.local.backend import NAMES
from tidemark.local.condition import running
from tidemark.local.mode import backend_of

AT_HAND = {
    "as local-up finds it": {},
    **({"Compose 2": {"DOCKER_CONFIG": os.environ[COMPOSE_2]}} if COMPOSE_2 in os.environ else {}),
}


@pytest.fixture(scope="module", params=AT_HAND)
def local(docker, request, tmp_path_factory):
    """Yield the local commands with an environment up that this Compose has started."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in AT_HAND[request.param].items():
            patch.setenv(name, value)
        local = new_local(tmp_path_factory.mktemp("composed"))
        started = local.run(
            "local-up", "--port", str(local.port), "--mode", "docker", timeout=2 * COMMAND_SECONDS
        )
        assert started.returncode == 0, started.stderr
        yield local
        local.down()


def services(local):
    """Return what the engine tells of the containers of docker-compose.yml, by service."""
    project = backend_of(local.state).record.project
    listed = Docker().output("ps", "--quiet", "--filter", f"label=com.docker.compose.project={project}")
    return {
        container["Config"]["Labels"]["com.docker.compose.service"]: container
        for container in json.loads(Docker().output("inspect", *listed.split()))
    }


def client(local, service):
    return emulator.client(service, running(local.state).endpoint)


def test_the_plugin_is_used_where_the_docker_command_has_it():
    """Else the two below would be one and the same."""
    if COMPOSE_2 in os.environ:
        found = compose.command({**os.environ, "DOCKER_CONFIG": os.environ[COMPOSE_2]})
        assert found == ("docker", "compose")
        assert compose.command(os.environ) == ("docker-compose",)
    assert compose.command(os.environ)


def test_both_services_become_healthy(local):
    def healthy():
        states = {name: container["State"] for name, container in services(local).items()}
        return {name for name, state in states.items() if state["Health"]["Status"] == "healthy"}

    until(lambda: healthy() == set(NAMES))


def test_only_localstack_is_published_and_only_to_this_machine(local):
    bindings = {name: found["HostConfig"]["PortBindings"] for name, found in services(local).items()}

    assert bindings == {
        "dynamodb": {},
        "localstack": {"4566/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(local.port)}]},
    }


def test_both_services_run_without_rights(local):
    for container in services(local).values():
        assert container["Config"]["User"] == "65534:65534"
        assert container["HostConfig"]["ReadonlyRootfs"]
        assert container["HostConfig"]["CapDrop"] == ["ALL"]
        assert container["HostConfig"]["SecurityOpt"] == ["no-new-privileges:true"]


def test_a_change_is_tracked_by_the_function_of_the_image(local):
    """One put goes through S3, EventBridge, SQS, a container, and the DynamoDB engine in another one."""
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
    sample = until(
        lambda: next(
            (item for item in history.query(**latest)["Items"] if "321" in item["total_size"]["N"]), None
        )
    )
    assert sample["total_size"] == {"N": "321"}
    assert backend_of(local.state).functions()


def test_no_function_outlives_localstack_killed_in_its_container(local):
    """Last but one: LocalStack is gone afterwards."""
    composed = backend_of(local.state)
    assert composed.functions()

    Docker().output("kill", "--signal", str(int(signal.SIGKILL)), services(local)["localstack"]["Id"])

    until(lambda: not composed.functions())


def test_down_leaves_nothing_of_it(docker, local):
    project = backend_of(local.state).record.project

    done = local.down()

    assert done.returncode == 0, done.stderr
    assert docker.output("ps", "--all", "--quiet", "--filter", f"network={project}") == ""
    assert project not in docker.output("network", "ls", "--format", "{{.Name}}")
