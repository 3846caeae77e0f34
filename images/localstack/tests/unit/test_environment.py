"""An execution environment with a real runtime client in a real process, but without LocalStack.

The integration tests cover what LocalStack's users see of it.
"""

import itertools
import json
import os
import sys
import textwrap
import threading
import time

import pytest

from image_lambda_runtime.environment import Environment
from image_lambda_runtime.life import Call, FunctionSettings
from image_lambda_runtime.process_sandbox import ProcessSandbox, ProcessSpec

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
    request = call(**event)
    outcome = environment.invoke(request)
    assert outcome.is_error, outcome
    failure = json.loads(outcome.payload)
    return failure["errorType"], failure["errorMessage"].replace(request.request_id, "ID"), outcome.log


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


def test_an_error_of_the_function_is_its_own_and_keeps_the_process(function):
    environment = function.environment()
    before = answer(environment)["pid"]

    error_type, error_message, log = error(environment, **{"raise": "no"})

    assert (error_type, error_message) == ("ValueError", "no")
    assert log.splitlines()[-1].endswith("Status: error\tError Type: ValueError")
    assert answer(environment)["pid"] == before


def test_a_bad_handler_is_the_functions_own_error(function):
    assert error(function.environment(handler="app.missing"))[0] == "Runtime.HandlerNotFound"


def test_an_exit_during_init_is_a_crash(function):
    function.write("raise SystemExit(5)")

    assert error(function.environment())[:2] == (
        "Runtime.ExitError",
        "RequestId: ID Error: Runtime exited with error: exit status 5",
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


def _runs(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
