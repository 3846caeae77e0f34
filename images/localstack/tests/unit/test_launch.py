import socket

import pytest

from localstack_image_lambda.launch import launch, prepare
from localstack_image_lambda.launch_error import LaunchError


def test_what_is_unset_gets_a_default():
    environ = {}

    plan = prepare(environ)

    assert (plan.host, plan.port) == ("127.0.0.1", 4566)
    assert environ["LAMBDA_RUNTIME_EXECUTOR"] == "process"
    assert environ["DISABLE_EVENTS"] == "1"
    assert "PROVIDER_OVERRIDE_DYNAMODB" not in environ


def test_what_is_set_stays():
    environ = {
        "GATEWAY_LISTEN": "0.0.0.0:1234",
        "SQS_ENDPOINT_STRATEGY": "off",
        "LOCALSTACK_STATE_DIR": "/state",
    }

    plan = prepare(environ)

    assert (plan.host, plan.port, str(plan.state)) == ("0.0.0.0", 1234, "/state")  # noqa: S104 what was asked for
    assert environ["SQS_ENDPOINT_STRATEGY"] == "off"


def test_the_shells_own_aws_configuration_is_left_outside():
    environ = {"AWS_PROFILE": "work", "AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "AWS_CONFIG_FILE": "mine"}

    prepare(environ)

    assert {"AWS_PROFILE", "AWS_ENDPOINT_URL"}.isdisjoint(environ)
    assert environ["AWS_CONFIG_FILE"] != "mine"
    assert environ["AWS_EC2_METADATA_DISABLED"] == "true"


def test_an_engine_takes_over_dynamodb():
    environ = {"DYNAMODB_ENGINE_URL": "http://127.0.0.1:1"}

    prepare(environ)

    assert environ["PROVIDER_OVERRIDE_DYNAMODB"] == "engine"


def test_two_ports_do_not_share_a_directory():
    assert prepare({"GATEWAY_LISTEN": ":1"}).state != prepare({"GATEWAY_LISTEN": ":2"}).state


@pytest.mark.parametrize(
    "listen", ["", "4566", "localhost:4566", "127.0.0.1:1,127.0.0.1:2", "999.0.0.1:1", "::1:80"]
)
def test_an_address_that_cannot_be_kept_to_is_refused(listen):
    with pytest.raises(LaunchError, match="GATEWAY_LISTEN must be one IPv4 address and port"):
        prepare({"GATEWAY_LISTEN": listen})


def test_a_taken_port_is_one_clear_line(monkeypatch, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("GATEWAY_LISTEN", f"127.0.0.1:{port}")
        monkeypatch.setenv("LOCALSTACK_STATE_DIR", str(tmp_path))

        with pytest.raises(
            SystemExit, match=f"cannot listen on 127.0.0.1:{port} .*: set GATEWAY_LISTEN to a free"
        ):
            launch()
