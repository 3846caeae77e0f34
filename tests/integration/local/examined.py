"""What `make doctor` finds, for its tests."""

import json
import sys

from tests.integration.local.conftest import ROOT, run

SECONDS = 120


def doctor(*arguments, root=ROOT, prefix=(), **changes):
    """Run the command and return its findings by what they are about, and its exit code."""
    command = [*prefix, sys.executable, str(root / "tools/src/tidemark/doctor"), "--json", *arguments]
    done = run(command, timeout=SECONDS, **changes)
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    assert report["ok"] == (done.returncode == 0)
    return {finding["about"]: finding for finding in report["findings"]}, done.returncode


def assert_found(finding, level, text, fix):
    assert finding["level"] == level
    assert text in finding["text"]
    assert fix in finding["fix"]
