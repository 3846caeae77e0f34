"""Image functions run on MiniStack as they do on LocalStack, and nothing of them stays."""

import json
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from botocore.exceptions import BotoCoreError

from harness import until
from tests.substrates.conftest import running
from tests.substrates.ministack import server

APP = """
    import json, os, sys, time, uuid
    print("init")
    LIFE = uuid.uuid4().hex

    def handler(event, context):
        if "begun" in event: open(event["begun"], "w").close()
        if "exit" in event: os._exit(event["exit"])
        if "sleep" in event: time.sleep(event["sleep"])
        if "say" in event: print(event["say"])
        if "fail" in event: raise ValueError(event["fail"])
        return {"pid": os.getpid(), "life": LIFE, "environment": dict(os.environ), "event": event,
                "arn": context.invoked_function_arn}
"""


@pytest.fixture
def app(functions):
    return functions.image(APP)


def test_a_function_answers_stays_warm_and_has_lambdas_variables_and_its_own(ministack, functions, app):
    name = functions.create(app, MemorySize=256, Environment={"Variables": {"MINE": "1"}})

    first, second = functions.invoke(name, {"a": "ü"}).payload, functions.invoke(name).payload

    assert first["event"] == {"a": "ü"}
    assert first["life"] == second["life"]
    environment = first["environment"]
    assert environment["MINE"] == "1"
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == name
    assert environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert environment["AWS_ENDPOINT_URL"] == ministack.url
    assert environment["AWS_ACCESS_KEY_ID"].startswith("ASIA"), "it calls with its role's session"
    assert {"GATEWAY_PORT", "IMAGE_LAMBDA_MAP", "PYTHONPATH"}.isdisjoint(environment)


def test_the_log_of_an_invocation_reaches_its_group_framed_and_its_tail_the_caller(ministack, functions, app):
    name = functions.create(app)

    answer = functions.invoke(name, {"say": "one\ntwo"})

    start, *said, end, report = ministack.log_lines(name)
    assert said == ["init", "one", "two"]
    request_id = start.removeprefix("START RequestId: ").removesuffix(" Version: $LATEST")
    assert end == f"END RequestId: {request_id}"
    assert report.startswith(f"REPORT RequestId: {request_id}\tDuration: ")
    assert answer.log.splitlines() == [start, *said, end, report]


@pytest.mark.parametrize(
    ("event", "error_type", "message"),
    [
        ({"fail": "no"}, "ValueError", "no"),
        ({"sleep": 600}, "Sandbox.Timedout", "Task timed out after 2.00 seconds"),
        ({"exit": 3}, "Runtime.ExitError", "Runtime exited with error: exit status 3"),
    ],
)
def test_a_failure_is_an_error_of_the_function_in_answer_and_log(
    ministack, functions, app, event, error_type, message
):
    name = functions.create(app, Timeout=2)
    functions.invoke(name)

    answer = functions.invoke(name, event)

    assert answer.error == "Unhandled"
    assert answer.payload["errorType"] == error_type
    assert answer.payload["errorMessage"].endswith(message)
    assert any(message in line for line in ministack.log_lines(name))
    assert functions.invoke(name).error is None


def test_an_image_that_the_map_lacks_is_named(functions):
    name = functions.create("registry.example/nowhere@sha256:" + "0" * 64)

    answer = functions.invoke(name)

    assert answer.error == "Unhandled"
    assert f"function {name}: " in answer.payload["errorMessage"]
    assert "no entry for 'nowhere'" in answer.payload["errorMessage"]


def test_calls_at_the_same_time_have_environments_of_their_own_which_are_used_again(functions, app):
    name = functions.create(app, Timeout=30)

    def lives():
        with ThreadPoolExecutor(3) as pool:
            return {
                each.payload["life"]
                for each in pool.map(lambda _: functions.invoke(name, {"sleep": 1}), range(3))
            }

    first, second = lives(), lives()

    assert len(first) == 3
    assert first == second


def test_an_update_replaces_the_latest_process_and_keeps_that_of_a_version(functions, app):
    name = functions.create(app)
    version = functions.client.publish_version(FunctionName=name)["Version"]
    latest, published = functions.invoke(name).payload, functions.invoke(name, Qualifier=version).payload

    functions.client.update_function_code(FunctionName=name, ImageUri=functions.image(APP))
    functions.ready(name)

    assert not functions.lives(latest)
    assert functions.invoke(name).payload["life"] != latest["life"]
    assert functions.invoke(name, Qualifier=version).payload["life"] == published["life"]

    functions.client.delete_function(FunctionName=name)

    until(lambda: not functions.lives(published))


def test_a_call_that_runs_while_its_function_is_deleted_ends_and_leaves_no_process(functions, app, tmp_path):
    name = functions.create(app, Timeout=30)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(functions.invoke, name, {"begun": str(tmp_path / "begun"), "sleep": 2})
        until((tmp_path / "begun").exists)

        functions.client.delete_function(FunctionName=name)

        answer = call.result()
    assert answer.error is None
    until(lambda: not functions.lives(answer.payload))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_survives_ministack_even_during_a_call_and_while_a_custom_resource_is_pending(
    tmp_path, number
):
    with running(tmp_path) as ministack:
        functions = ministack.functions
        name = functions.create(functions.image(APP), Timeout=600)
        arn = functions.configuration(name)["FunctionArn"]
        token = {"Type": "Custom::Thing", "Properties": {"ServiceToken": arn}}
        ministack.client("cloudformation").create_stack(
            StackName="pending", TemplateBody=json.dumps({"Resources": {"Thing": token}})
        )
        until(lambda: ministack.log_lines(name))  # it has run, and will never send its answer
        call = threading.Thread(target=broken_call, args=(functions, name, str(tmp_path / "begun")))
        call.start()
        until((tmp_path / "begun").exists)
        everything = ministack.processes()
        assert len(everything) >= 3, "MiniStack, a warden, a function"

        ministack.process.send_signal(number)

        until(lambda: not [each for each in everything if each.is_running() and each.status() != "zombie"])
        until(lambda: not list(ministack.state.root.rglob("function-*")))
        call.join()


def broken_call(functions, name, begun):
    with suppress(BotoCoreError):
        functions.invoke(name, {"begun": begun, "sleep": 600})


def test_another_release_of_ministack_is_refused(monkeypatch):
    monkeypatch.setattr(server, "version", lambda _: "1.5.34")

    with pytest.raises(
        SystemExit, match=r"^MiniStack 1\.5\.34 is installed, but only 1\.5\.33 is known here"
    ):
        server.main()
