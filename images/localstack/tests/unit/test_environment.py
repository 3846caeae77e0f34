"""An execution environment with a real runtime client in a real process; only LocalStack is not there."""

import itertools
import json
import os
import sys
import textwrap
import threading
import time

import pytest

from localstack_image_lambda.environment import Environment
from localstack_image_lambda.life import Call, FunctionSettings
from localstack_image_lambda.process_sandbox import ProcessSandbox, ProcessSpec

APP = """
    import os, sys, threading, time
    print("init")

    def handler(event, context):
        print("called")
        if "exit" in event: os._exit(event["exit"])
        if "sys_exit" in event: sys.exit(event["sys_exit"])
        if "sleep" in event: time.sleep(event["sleep"])
        if "raise" in event: raise ValueError(event["raise"])
        if "exit_later" in event: threading.Timer(event["exit_later"], os._exit, [7]).start()
        if "print" in event: print("x" * event["print"])
        return {"pid": os.getpid(), "left_ms": context.get_remaining_time_in_millis(),
                "custom": context.client_context and context.client_context.custom}
"""
_ids = itertools.count(1)


class Function:
    """A function's source, and environments that run it."""

    def __init__(self, root):
        self.root = root
        self.write(APP)
        self.environments = []

    def write(self, source):
        (self.root / "app.py").write_text(textwrap.dedent(source))

    def environment(self, handler="app.handler", **settings):
        command = (sys.executable, "-B", "-m", "awslambdaric", handler)
        spec = ProcessSpec(command, str(self.root), {}, str(self.root))
        chosen = {"version": "$LATEST", "timeout": 20.0, "memory_mb": 128, **settings}
        environment = Environment(FunctionSettings(**chosen), lambda output: ProcessSandbox(spec, output))
        self.environments.append(environment)
        return environment


@pytest.fixture
def function(tmp_path):
    function = Function(tmp_path)
    yield function
    for environment in function.environments:
        environment.stop()


def call(**event):
    return Call(f"id-{next(_ids)}", json.dumps(event).encode(), "arn:aws:lambda:x")


def answer(environment, **event):
    outcome = environment.invoke(call(**event))
    assert not outcome.is_error, outcome
    return json.loads(outcome.payload)


def error(environment, **event):
    asked = call(**event)
    outcome = environment.invoke(asked)
    assert outcome.is_error, outcome
    failure = json.loads(outcome.payload)
    return failure["errorType"], failure["errorMessage"].replace(asked.request_id, "ID"), outcome.log


def test_a_warm_process_answers_again(function):
    environment = function.environment()

    assert answer(environment)["pid"] == answer(environment)["pid"]


def test_the_log_holds_the_init_once_and_every_call_framed(function):
    environment = function.environment()

    first, second = environment.invoke(call()), environment.invoke(call())

    lines = first.log.splitlines()
    assert [line.split(" ")[0] for line in lines] == ["START", "init", "called", "END", "REPORT"]
    assert "Init Duration: " in lines[-1]
    assert [line.split(" ")[0] for line in second.log.splitlines()] == ["START", "called", "END", "REPORT"]
    assert "Init Duration: " not in second.log


def test_the_deadline_is_the_timeout_and_the_init_does_not_count(function):
    function.write("import time\ntime.sleep(1)\n" + textwrap.dedent(APP))

    assert 2000 < answer(function.environment(timeout=3.0))["left_ms"] <= 3000


def test_the_client_context_reaches_the_function(function):
    outcome = function.environment().invoke(
        Call("id", b"{}", "arn:aws:lambda:x", "", '{"custom": {"a": "b"}}')
    )

    assert json.loads(outcome.payload)["custom"] == {"a": "b"}


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({"exit": 3}, "RequestId: ID Error: Runtime exited with error: exit status 3"),
        ({"sys_exit": 4}, "RequestId: ID Error: Runtime exited with error: exit status 4"),
        ({"exit": 0}, "RequestId: ID Error: Runtime exited without providing a reason"),
    ],
)
def test_a_crash_is_answered_and_the_next_call_starts_cold(function, event, message):
    environment = function.environment()
    before = answer(environment)["pid"]

    error_type, error_message, log = error(environment, **event)

    assert (error_type, error_message) == ("Runtime.ExitError", message)
    assert "called\nRequestId: " in log
    assert log.splitlines()[-1].endswith("Status: error\tError Type: Runtime.ExitError")
    assert answer(environment)["pid"] != before


def test_a_call_that_takes_too_long_is_ended_and_the_next_one_starts_cold(function):
    environment = function.environment(timeout=1.0)
    before = answer(environment)["pid"]

    error_type, error_message, log = error(environment, sleep=600)

    assert (error_type, error_message) == (
        "Sandbox.Timedout",
        "RequestId: ID Error: Task timed out after 1.00 seconds",
    )
    assert "Task timed out after 1.00 seconds\n" in log
    assert "Status: timeout" in log
    with pytest.raises(ProcessLookupError):
        os.kill(before, 0)
    assert answer(environment)["pid"] != before


def test_an_error_of_the_function_is_its_own_and_keeps_the_process(function):
    environment = function.environment()
    before = answer(environment)["pid"]

    error_type, error_message, log = error(environment, **{"raise": "no"})

    assert (error_type, error_message) == ("ValueError", "no")
    assert log.splitlines()[-1].endswith("Status: error\tError Type: ValueError")
    assert answer(environment)["pid"] == before


def test_a_failed_init_is_the_functions_own_error_and_is_tried_again(function):
    function.write("import nowhere_to_be_found")
    environment = function.environment()

    error_type, error_message, log = error(environment)
    assert error_type == "Runtime.ImportModuleError"
    assert "nowhere_to_be_found" in error_message
    assert log.startswith("START RequestId: ")
    assert "Status: error\tError Type: Runtime.ImportModuleError" in log

    function.write(APP)
    assert answer(environment)["pid"]


def test_a_bad_handler_is_the_functions_own_error(function):
    assert error(function.environment(handler="app.missing"))[0] == "Runtime.HandlerNotFound"


def test_an_exit_during_init_is_a_crash(function):
    function.write("raise SystemExit(5)")

    assert error(function.environment())[:2] == (
        "Runtime.ExitError",
        "RequestId: ID Error: Runtime exited with error: exit status 5",
    )


def test_an_init_that_never_ends_is_bounded(function):
    function.write("import time\ntime.sleep(600)")

    error_type, error_message, _ = error(function.environment(init_timeout=1.0))

    assert error_type == "Sandbox.Timedout"
    assert error_message == (
        "RequestId: ID Error: Init timed out after 1.00 seconds: the function never asked for work"
    )


def test_a_process_that_died_while_idle_is_replaced_unnoticed(function):
    environment = function.environment()
    before = answer(environment, exit_later=0.2)["pid"]
    while _runs(before):
        time.sleep(0.01)

    assert answer(environment)["pid"] != before


def test_a_process_dying_just_as_a_call_comes_is_an_answer_or_a_crash(function):
    environment = function.environment()
    for milliseconds in range(0, 50, 5):
        for outcome in (environment.invoke(call(exit_later=milliseconds / 1000)), environment.invoke(call())):
            assert not outcome.is_error or b"exit status 7" in outcome.payload


def test_a_large_output_is_bounded(function):
    log = function.environment().invoke(call(print=20_000_000)).log

    assert "bytes of output are left out here" in log
    assert len(log) < 1_100_000


def test_recycling_takes_up_changed_source(function):
    environment = function.environment()
    answer(environment)
    function.write("def handler(event, context):\n    return 'changed'")

    environment.recycle()

    assert answer(environment) == "changed"


def test_recycling_lets_a_running_call_finish(function):
    environment = function.environment()
    before = answer(environment)["pid"]
    outcomes = []
    running = threading.Thread(target=lambda: outcomes.append(answer(environment, sleep=0.5)["pid"]))
    running.start()
    time.sleep(0.2)

    environment.recycle()

    running.join()
    assert outcomes == [before]
    assert answer(environment)["pid"] != before


def test_stopping_ends_a_running_call(function):
    environment = function.environment()
    pid = answer(environment)["pid"]
    outcomes = []
    running = threading.Thread(target=lambda: outcomes.append(environment.invoke(call(sleep=600))))
    running.start()
    time.sleep(0.2)

    environment.stop()

    running.join(timeout=10)
    assert outcomes[0].is_error
    assert not _runs(pid)
    assert "stopped" in error(environment)[1]


def test_json_logs_are_json_from_first_to_last(function):
    function.write("def handler(event, context):\n    return 1")

    log = function.environment(json_logs=True).invoke(call()).log

    assert [json.loads(line)["type"] for line in log.splitlines()] == ["platform.start", "platform.report"]


def _runs(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
