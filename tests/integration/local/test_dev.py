"""`make dev` on an environment that is up, with a copy of the sources, and a debugger that attaches as editors do."""

import json
import socket
import threading
from contextlib import suppress

import psutil
import pytest

from infra_cdk.images import SERVICES
from tests.bench.reload import EVENT, MARKED, Dev, copied_sources, save
from tests.integration.local.conftest import tree
from tests.waiting import until
from tidemark.aws.emulator import client
from tidemark.local.ports import free_port
from tidemark.loop.services import function_name

pytestmark = pytest.mark.long

SECONDS = 120


@pytest.fixture(scope="module")
def functions(shared):
    return client("lambda", shared.state.environment().endpoint, read_seconds=SECONDS)


@pytest.fixture
def sources(shared):
    with copied_sources(shared.state) as copy:
        yield copy


@pytest.fixture
def dev(shared, sources):
    """Return a function that starts `make dev`, which ends with the test."""
    started = []

    def start(*arguments):
        started.append(Dev(shared.state, sources, *arguments))
        started[-1].wait_for("watching")
        return started[-1]

    yield start
    for each in started:
        each.end()


def name_of(shared, service):
    return function_name(service, shared.state.environment().variables)


def invoke(shared, functions, service="plotting", event=EVENT):
    return json.loads(
        functions.invoke(FunctionName=name_of(shared, service), Payload=event)["Payload"].read()
    )


def handler_of(sources, service="plotting"):
    module = service.replace("-", "_")
    return sources / module / "src" / module / "handler.py"


def mark(path, number):
    save(path, path.read_text() + MARKED.format(mark=number))


def test_the_next_invocation_after_a_reload_runs_the_saved_code(shared, functions, sources, dev):
    invoke(shared, functions)
    loop = dev()

    mark(handler_of(sources), 7)
    line = loop.wait_for("plotting reloaded")

    assert line.startswith("dev: handler.py: plotting reloaded in ")
    assert invoke(shared, functions)["mark"] == 7
    assert not any("driver" in line for line in loop.lines)


def test_a_change_of_what_all_services_share_reloads_all(sources, dev):
    loop = dev()
    module = sources / "size_history" / "src" / "size_history" / "keys.py"

    save(module, module.read_text() + "\n")

    for service in SERVICES:
        loop.wait_for(f"keys.py: {service} reloaded")


def test_reloading_can_be_turned_off(shared, functions, sources, dev):
    invoke(shared, functions)
    loop = dev("--reload", "0")

    mark(handler_of(sources), 8)
    loop.wait_for("handler.py: plotting not reloaded (RELOAD=0)")

    assert "mark" not in invoke(shared, functions)


def test_code_that_does_not_compile_is_not_reloaded_until_it_does(shared, functions, sources, dev):
    invoke(shared, functions)
    loop = dev()
    handler = handler_of(sources)
    good = handler.read_text()

    save(handler, good + "\ndef broken(:\n")
    loop.wait_for("not reloaded, the code before it runs on")
    answer = invoke(shared, functions)
    save(handler, good + MARKED.format(mark=9))
    loop.wait_for("plotting reloaded")

    assert answer["statusCode"] == 200
    assert invoke(shared, functions)["mark"] == 9


def test_changed_dependencies_are_said_to_need_an_install(sources, dev):
    loop = dev()
    declaration = sources / "plotting" / "pyproject.toml"

    save(declaration, declaration.read_text() + "\n")

    loop.wait_for("services/plotting/pyproject.toml changed: make install")


def test_an_interrupt_ends_it_and_leaves_the_environment_up(shared, dev):
    loop = dev()

    assert loop.end() == 0
    loop.wait_for("the environment is still up")
    assert shared.run("status").returncode == 0


class Debugger:
    """Speaks as much of the Debug Adapter Protocol as an editor needs to stop at a line."""

    def __init__(self, port):
        self._socket = until(lambda: self._connected(port), f"something listens on port {port}")
        self._stream = self._socket.makefile("rb")
        self._number = 0

    @staticmethod
    def _connected(port):
        with suppress(OSError):
            return socket.create_connection(("127.0.0.1", port), timeout=SECONDS)

    def send(self, command, **arguments):
        self._number += 1
        body = json.dumps(
            {"seq": self._number, "type": "request", "command": command, "arguments": arguments}
        ).encode()
        self._socket.sendall(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def wait_for(self, kind, name):
        """Return the next message of a kind (response, event) and name (its command, its event)."""
        while True:
            length = 0
            while (header := self._stream.readline().strip()) != b"":
                length = int(header.removeprefix(b"Content-Length: "))
            message = json.loads(self._stream.read(length))
            if message["type"] == kind and name in {message.get("command"), message.get("event")}:
                return message

    def ask(self, command, **arguments):
        self.send(command, **arguments)
        return self.wait_for("response", command)["body"]

    def attach(self, path, line):
        self.ask("initialize", adapterID="test", clientID="test", pathFormat="path")
        self.send("attach", justMyCode=False)
        self.wait_for("event", "initialized")
        (stop,) = self.ask("setBreakpoints", source={"path": str(path)}, breakpoints=[{"line": line}])[
            "breakpoints"
        ]
        self.send("configurationDone")
        self.wait_for("response", "attach")
        return stop["verified"]

    def close(self):
        self._stream.close()
        self._socket.close()


def test_a_debugger_stops_a_function_at_a_line_and_looks_at_its_variables(shared, functions, sources, dev):
    port = free_port()
    before = functions.get_function_configuration(FunctionName=name_of(shared, "plotting"))["Timeout"]
    map_before = shared.state.functions_file.read_text()
    loop = dev("--debug", "plotting", "--debug-port", str(port))
    invoke(shared, functions)  # which starts the process that the debugger attaches to
    handler = handler_of(sources)
    at = next(
        number
        for number, line in enumerate(handler.read_text().splitlines(), 1)
        if "return compressed(routes.answer(" in line
    )

    debugger = Debugger(port)
    assert debugger.attach(handler, at)
    answers = []
    call = threading.Thread(target=lambda: answers.append(invoke(shared, functions)))
    call.start()
    thread = debugger.wait_for("event", "stopped")["body"]["threadId"]
    frame = debugger.ask("stackTrace", threadId=thread)["stackFrames"][0]
    method = debugger.ask("evaluate", expression="request.method", frameId=frame["id"])["result"]
    debugger.ask("continue", threadId=thread)
    call.join(SECONDS)
    debugger.close()
    loop.end()

    assert frame["line"] == at
    assert method == "'GET'"
    assert answers[0]["statusCode"] == 200
    assert functions.get_function_configuration(FunctionName=name_of(shared, "plotting"))["Timeout"] == before
    assert shared.state.functions_file.read_text() == map_before
    assert invoke(shared, functions)["statusCode"] == 200
    commands = [
        " ".join(process.cmdline()) for process in tree(shared) if process.status() != psutil.STATUS_ZOMBIE
    ]
    assert not any("debugpy" in command for command in commands)


def test_a_debugger_for_no_function_or_a_taken_port_is_refused_in_one_line(shared):
    unknown = shared.run("dev", "--debug", "tracker")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        taken = shared.run("dev", "--debug", "driver", "--debug-port", str(port))

    assert unknown.returncode == taken.returncode == 1
    assert unknown.stderr.startswith("dev: DEBUG=tracker is no function")
    assert f"DEBUG_PORT: port {port} is taken by" in taken.stderr
