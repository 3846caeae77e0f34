"""Asks what is known of Node packages, by the npm that comes with the packaged Node."""

import json
import subprocess
from pathlib import Path
from typing import Any

from infra_cdk.node import npm_command, packaged_node, run_with
from tidemark.audit.advisories import Advisory
from tidemark.audit.locks import AuditError, Lock, Pin

_AUDIT_SECONDS = 300


def advisories(lock: Lock) -> list[Advisory]:
    """Return what the npm registry knows of a lock's packages. Raises AuditError where it could not be asked."""
    answer = _run(lock.path.parent)
    if "vulnerabilities" not in answer:
        said = answer.get("message") or answer.get("error", {}).get("summary") or "npm audit gave no answer"
        raise AuditError(
            f"could not check {lock.path.parent.name}/{lock.path.name}: {said}: run this where the npm registry is reachable"
        )
    versions = {pin.name: pin for pin in lock.pins}
    return [
        _advisory(versions.get(name) or Pin(name, found["range"]), via)
        for name, found in answer["vulnerabilities"].items()
        for via in found["via"]
        if isinstance(via, dict)  # a text names another package, whose own entry says what is known
    ]


def _advisory(pin: Pin, via: dict[str, Any]) -> Advisory:
    name = str(via.get("url", "")).rpartition("/")[2]
    return Advisory(pin, frozenset({name or str(via["title"])}))


def _run(directory: Path) -> dict[str, Any]:
    node = packaged_node()
    if node is None:
        raise AuditError("there is no Node here: run make install")
    try:
        command = npm_command(node, "audit", "--package-lock-only", "--json")
        done = run_with(node, command, directory=directory, seconds=_AUDIT_SECONDS)
        answer: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired as error:
        raise AuditError(f"could not check: npm audit took more than {_AUDIT_SECONDS} s") from error
    except ValueError as error:
        last = (done.stderr.strip() or "it says nothing").splitlines()[-1]
        raise AuditError(f"could not check: npm audit failed: {last}") from error
    return answer
