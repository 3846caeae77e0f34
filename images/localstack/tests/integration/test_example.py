"""The README's example runs. The test replaces only the interpreter in its map."""

import os
import shutil
import subprocess
import sys

from harness import PROJECT, SECONDS, free_port, python_with


def test_the_example_greets(tmp_path):
    example = shutil.copytree(PROJECT / "examples" / "greeting", tmp_path / "greeting")
    image_map = example / "functions.json"
    image_map.write_text(image_map.read_text().replace("../../.venv/bin/python", sys.executable))

    done = subprocess.run(
        [python_with("localstack", "localstack"), "run.py"],
        cwd=example,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "GATEWAY_LISTEN": f"127.0.0.1:{free_port()}",
            "LOCALSTACK_STATE_DIR": str(tmp_path / "state"),
        },
        capture_output=True,
        text=True,
        timeout=3 * SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == '"Hello, stranger!"'
