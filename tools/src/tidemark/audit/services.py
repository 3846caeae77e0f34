"""What is known of a lock's packages, by `uv audit` and `npm audit`. An answer that is missing is an error."""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tidemark.audit.advisories import Advisory
from tidemark.audit.locks import PYTHON_LOCK, AuditError, Lock, Pin
from tidemark.checkout import ROOT
from tidemark.errors import CommandError
from tidemark.installation.venvs import UV_HOME, UV_VERSION
from tidemark.node import npm, reason

KNOWN_BAD = Pin("jinja2", "2.10")
"""A pin that every service of advisories knows something of (PYSEC-2019-217, for one)."""
_SECONDS = 300
_PROBE = """version = 1
requires-python = ">=3.11"

[[package]]
name = "probe"
version = "0"
source = { virtual = "." }
dependencies = [{ name = "jinja2" }, { name = "uv" }]
"""
_PROBED = '\n[[package]]\nname = "{}"\nversion = "{}"\nsource = {{ registry = "https://pypi.org/simple" }}\n'


def known_of_uv(osv_url: str | None = None) -> list[Advisory]:
    """Return what is known of uv itself, which fills all environments and stands in no lock.

    Raises AuditError if the service does not answer, or knows nothing of KNOWN_BAD and so knows no advisories.
    """
    with tempfile.TemporaryDirectory(prefix="tidemark-audit-") as directory:
        pins = (KNOWN_BAD, Pin("uv", UV_VERSION))
        lock = _PROBE + "".join(_PROBED.format(pin.name, pin.version) for pin in pins)
        Path(directory, PYTHON_LOCK).write_text(lock, "utf-8")
        Path(directory, "pyproject.toml").write_text('[project]\nname = "probe"\nversion = "0"\n', "utf-8")
        advisories = python_advisories(Lock(Path(directory, PYTHON_LOCK), frozenset(pins)), osv_url)
    if all(advisory.pin != KNOWN_BAD for advisory in advisories):
        raise AuditError(
            f"could not check: the service knows nothing of {KNOWN_BAD}, so it knows no advisories: "
            "name another OSV service by --osv-url"
        )
    return [advisory for advisory in advisories if advisory.pin != KNOWN_BAD]


def python_advisories(lock: Lock, osv_url: str | None = None) -> list[Advisory]:
    """Return what the OSV service (default: https://api.osv.dev) knows of a uv.lock. Raises AuditError."""
    command = [
        str(ROOT / UV_HOME / "bin" / "uv"),
        "audit",
        "--frozen",
        "--no-config",
        "--output-format",
        "json",
    ]
    command += ["--preview-features", "audit-command,json-output"]
    command += ["--service-url", osv_url] if osv_url else []
    try:
        done = subprocess.run(
            command, cwd=lock.path.parent, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        answer = json.loads(done.stdout)
        found, checked = answer["vulnerabilities"], answer["summary"]["audited_packages"]
    except subprocess.TimeoutExpired as error:
        raise AuditError(f"could not check: uv audit took more than {_SECONDS} s") from error
    except (ValueError, KeyError) as error:
        said = " ".join(done.stderr.split()) or "it says nothing"
        raise AuditError(
            f"could not check: uv audit failed ({said}): run this where an OSV service is reachable, "
            "or name one by --osv-url"
        ) from error
    if checked != len(lock.pins):
        raise AuditError(f"could not check: uv audit looked at {checked} packages, not at {len(lock.pins)}")
    return [_python_advisory(each) for each in found]


def _python_advisory(found: dict[str, Any]) -> Advisory:
    pin = Pin(found["dependency"]["name"], found["dependency"]["version"])
    return Advisory(pin, frozenset({found["id"], *found["aliases"]}), tuple(found["fix_versions"]))


def node_advisories(lock: Lock) -> list[Advisory]:
    """Return what the npm registry knows of a package-lock.json. Raises AuditError."""
    name = f"{lock.path.parent.name}/{lock.path.name}"
    try:
        done = npm("audit", "--package-lock-only", "--json", directory=lock.path.parent, seconds=_SECONDS)
        answer: dict[str, Any] = json.loads(done.stdout)
    except CommandError as error:
        raise AuditError(f"could not check {name}: {error}") from error
    except ValueError as error:
        raise AuditError(f"could not check {name}: npm audit failed: {reason(done)}") from error
    if "vulnerabilities" not in answer:
        said = answer.get("message") or answer.get("error", {}).get("summary") or "npm audit gave no answer"
        raise AuditError(f"could not check {name}: {said}: run this where the npm registry is reachable")
    versions = {pin.name: pin for pin in lock.pins}
    return [
        _node_advisory(versions.get(name) or Pin(name, found["range"]), via)
        for name, found in answer["vulnerabilities"].items()
        for via in found["via"]
        if isinstance(via, dict)  # a text names another package, which has an entry of its own
    ]


def _node_advisory(pin: Pin, via: dict[str, Any]) -> Advisory:
    name = str(via.get("url", "")).rpartition("/")[2]
    return Advisory(pin, frozenset({name or str(via["title"])}))
