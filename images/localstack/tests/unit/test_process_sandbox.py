"""A sandbox with real processes. When they end, everything that they started ends."""

import os
import queue
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from harness import until
from image_lambda_runtime.output import Output
from image_lambda_runtime.process_sandbox import ProcessSandbox, ProcessSpec
from image_lambda_runtime.sandbox import Exit, SandboxError

SECONDS = 20
GRANDCHILDREN = """
    import os, subprocess, sys, time
    sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
    same_group = subprocess.Popen(sleeper)
    own_session = subprocess.Popen(sleeper, start_new_session=True)
    print(os.getpid(), same_group.pid, own_session.pid, flush=True)
"""


class Sandboxed:
    """One command in a sandbox, its output, and how it ended."""

    def __init__(self, root, script, environment=None, directory=None):
        self.output = Output()
        self.exits = queue.SimpleQueue()
        command = (sys.executable, "-c", textwrap.dedent(script))
        spec = ProcessSpec(command, str(directory or root), environment or {}, str(root))
        self.sandbox = ProcessSandbox(spec, self.output)

    def start(self):
        self.sandbox.start("127.0.0.1:9", self.exits.put)
        return self

    def ended(self):
        return self.exits.get(timeout=SECONDS)

    def first_line(self):
        return until(lambda: (text := self.output.take()).endswith("\n") and text)


@pytest.fixture
def sandboxed(tmp_path):
    made = []

    def make(script, **options):
        made.append(Sandboxed(tmp_path, script, **options))
        return made[-1]

    yield make
    for one in made:
        one.sandbox.kill()


def gone(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize(
    ("script", "status", "words"),
    [
        ("pass", 0, "Runtime exited without providing a reason"),
        ("raise SystemExit(3)", 3, "Runtime exited with error: exit status 3"),
        ("import os; os.kill(os.getpid(), 9)", -9, "Runtime exited with error: signal: killed"),
        ("import os; os.abort()", -signal.SIGABRT, "Runtime exited with error: signal: aborted"),
    ],
)
def test_an_end_is_reported_in_lambdas_words(sandboxed, script, status, words):
    end = sandboxed(script).start().ended()

    assert (end.status, end.describe(), end.error_type) == (status, words, "Runtime.ExitError")


def test_output_of_both_streams_is_kept_to_the_last_byte(sandboxed):
    one = sandboxed(
        "import sys; print('out'); sys.stdout.flush(); print('x' * 300000, file=sys.stderr)"
    ).start()
    one.ended()

    assert one.output.take() == "out\n" + "x" * 300000 + "\n"


def test_the_environment_is_the_given_one_and_nothing_else(sandboxed, tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_EMULATOR", "1")
    script = (
        "import os; print(sorted(set(os.environ) - {'LC_CTYPE', '__CF_USER_TEXT_ENCODING'}), os.getcwd())"
    )
    one = sandboxed(script, environment={"MINE": "1"}).start()
    one.ended()

    assert one.output.take() == f"['AWS_LAMBDA_RUNTIME_API', 'HOME', 'MINE', 'TMPDIR'] {tmp_path}\n"


def test_a_scratch_directory_lives_as_long_as_the_process(sandboxed):
    one = sandboxed(
        "import os, tempfile, time; d = tempfile.mkdtemp(); print(os.path.dirname(d), flush=True); time.sleep(600)"
    ).start()
    scratch = Path(one.first_line().strip())
    assert scratch.is_dir()

    one.sandbox.kill()

    until(lambda: not scratch.exists())


@pytest.mark.parametrize("how", ["exit", "kill"])
def test_nothing_a_function_started_survives_it(sandboxed, how):
    rest = "" if how == "exit" else "time.sleep(600)"
    one = sandboxed(f"{textwrap.dedent(GRANDCHILDREN)}\n{rest}").start()
    pids = [int(pid) for pid in one.first_line().split()]
    if how == "kill":
        one.sandbox.kill()
    one.ended()

    assert [pid for pid in pids if not gone(pid)] == []


def test_killing_is_done_when_it_returns_and_may_be_repeated(sandboxed):
    one = sandboxed("import os, time; print(os.getpid(), flush=True); time.sleep(600)").start()
    pid = int(one.first_line())

    one.sandbox.kill()
    one.sandbox.kill()

    assert gone(pid)
    assert one.ended() == Exit(-9)
    assert one.exits.empty()


def test_a_process_that_ignores_signals_is_killed(sandboxed):
    one = sandboxed(
        "import signal, time\n"
        "for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP): signal.signal(number, signal.SIG_IGN)\n"
        "print('ready', flush=True)\ntime.sleep(600)"
    ).start()
    one.first_line()

    one.sandbox.kill()

    assert one.ended() == Exit(-9)


def test_killing_at_once_after_the_start_leaves_nothing(sandboxed):
    for _ in range(5):
        one = sandboxed("import time; time.sleep(600)").start()
        one.sandbox.kill()
        assert one.ended().status != 0


# Only Linux ends a function together with its warden. CI runs on Linux.
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux does it")
def test_a_killed_warden_takes_its_function_along(sandboxed, tmp_path):
    one = sandboxed(f"{textwrap.dedent(GRANDCHILDREN)}\ntime.sleep(600)").start()
    function, same_group, own_session = (int(pid) for pid in one.first_line().split())
    os.kill(psutil.Process(function).ppid(), signal.SIGKILL)

    assert one.ended() == Exit(-9)
    until(lambda: gone(function) and gone(same_group))
    assert not list(tmp_path.iterdir())
    os.kill(own_session, signal.SIGKILL)  # without its warden, nothing reaches what left the group


def test_peak_memory_is_known_during_and_after_the_run(sandboxed):
    one = sandboxed(
        "b = bytearray(80_000_000); print('there', flush=True); import time; time.sleep(600)"
    ).start()
    one.first_line()
    if sys.platform == "linux":
        assert 80_000_000 < one.sandbox.peak_memory_bytes() < 300_000_000

    one.sandbox.kill()

    assert 80_000_000 < one.sandbox.peak_memory_bytes() < 300_000_000


def test_a_command_that_cannot_be_started_says_why(tmp_path):
    exits = queue.SimpleQueue()
    sandbox = ProcessSandbox(ProcessSpec(("/nowhere/python",), str(tmp_path), {}, str(tmp_path)), Output())

    sandbox.start("127.0.0.1:9", exits.put)

    end = exits.get(timeout=SECONDS)
    assert end.error_type == "Runtime.InvalidEntrypoint"
    assert end.describe() == "cannot start /nowhere/python: No such file or directory"


def test_a_missing_directory_is_named(sandboxed, tmp_path):
    with pytest.raises(SandboxError, match=r"cannot start .* in /nowhere: "):
        sandboxed("pass", directory="/nowhere").start()


def test_a_holder_that_is_killed_takes_everything_along(tmp_path):
    """The emulator is killed. The thread that started the function has ended before."""
    holder = textwrap.dedent(f"""
        import sys, threading, time
        sys.path[:0] = {[str(Path(sys.modules["image_lambda_runtime"].__file__).parents[1])]!r}
        from image_lambda_runtime.output import Output
        from image_lambda_runtime.process_sandbox import ProcessSandbox, ProcessSpec
        output = Output()
        spec = ProcessSpec((sys.executable, "-c", {textwrap.dedent(GRANDCHILDREN) + "time.sleep(600)"!r}),
                           {str(tmp_path)!r}, {{}}, {str(tmp_path)!r})
        sandbox = ProcessSandbox(spec, output)
        thread = threading.Thread(target=sandbox.start, args=("127.0.0.1:9", print))
        thread.start(); thread.join()
        while not (text := output.take()): time.sleep(0.01)
        print(text, flush=True); time.sleep(600)
    """)
    with subprocess.Popen([sys.executable, "-c", holder], stdout=subprocess.PIPE, text=True) as process:
        pids = [int(pid) for pid in process.stdout.readline().split()]
        assert [gone(pid) for pid in pids] == [False, False, False]
        process.kill()

    until(lambda: all(gone(pid) for pid in pids))
    until(lambda: not list(tmp_path.iterdir()))
