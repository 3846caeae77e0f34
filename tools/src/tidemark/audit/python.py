"""Asks what is known of Python packages, by pip-audit; where it cannot ask, that is an error and no clean bill."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import requests

from tidemark.audit.advisories import Advisory
from tidemark.audit.locks import AuditError, Pin

KNOWN_BAD = Pin("jinja2", "2.10")
"""A pin of which every service of advisories knows something (PYSEC-2019-217, for one)."""
PYPI = f"https://pypi.org/pypi/{KNOWN_BAD.name}/{KNOWN_BAD.version}/json"
"""PyPI's JSON API carries the advisories; mirrors often have no such pages, or have them without."""
_ASK_SECONDS = 30
_AUDIT_SECONDS = 1800


def advisories(pins: Iterable[Pin], *, osv_url: str | None = None) -> list[Advisory]:
    """Return what is known of the pins: by PyPI, or by the OSV service at a URL such as https://api.osv.dev/v1/query.

    Raises AuditError if any of them could not be asked about.
    """
    _require_answer(osv_url)
    return [known for round_ in _rounds(pins) for known in _ask(round_, osv_url)]


def _require_answer(osv_url: str | None) -> None:
    """Ask of one bad version first: of a mirror's missing page and of its empty one pip-audit takes either for good."""
    where = osv_url or PYPI
    try:
        if osv_url:
            query = {"package": {"name": KNOWN_BAD.name, "ecosystem": "PyPI"}, "version": KNOWN_BAD.version}
            answer = requests.post(osv_url, json=query, timeout=_ASK_SECONDS)
        else:
            answer = requests.get(PYPI, timeout=_ASK_SECONDS)
        answer.raise_for_status()
        known = answer.json().get("vulns" if osv_url else "vulnerabilities")
    except (requests.RequestException, AttributeError) as error:
        raise AuditError(
            f"could not check: {where} does not answer ({error}): run this where it is reachable, "
            "or name an OSV service by OSV_URL="
        ) from error
    if not known:
        raise AuditError(
            f"could not check: {where} knows nothing of {KNOWN_BAD}, so it knows no advisories: "
            "run this where the real one is reachable, or name an OSV service by OSV_URL="
        )


def _rounds(pins: Iterable[Pin]) -> Iterator[list[Pin]]:
    """Yield all pins so that no round has two versions of a package: pip-audit refuses those."""
    left = sorted(set(pins))
    while left:
        first = {pin.name: pin for pin in reversed(left)}
        yield sorted(first.values())
        left = [pin for pin in left if first[pin.name] != pin]


def _ask(pins: list[Pin], osv_url: str | None) -> Iterator[Advisory]:
    with tempfile.TemporaryDirectory(prefix="tidemark-audit-") as directory:
        requirements = Path(directory) / "requirements.txt"
        requirements.write_text("".join(f"{pin.name}=={pin.version}\n" for pin in pins), "utf-8")
        answer = _run(requirements, osv_url)
    by_name = {pin.name: pin for pin in pins}
    unasked = set(by_name)
    for package in answer:
        if "skip_reason" in package:
            raise AuditError(f"could not check: {package['skip_reason']}")
        unasked.discard(package["name"])
        for known in package["vulns"]:
            names = frozenset({known["id"], *known["aliases"]})
            yield Advisory(by_name[package["name"]], names, tuple(known["fix_versions"]))
    if unasked:
        raise AuditError(f"could not check: pip-audit says nothing of {', '.join(sorted(unasked))}")


def _run(requirements: Path, osv_url: str | None) -> list[Any]:
    service = ["--vulnerability-service", "osv", "--osv-url", osv_url] if osv_url else []
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(requirements)]
    command += ["--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off", *service]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_AUDIT_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise AuditError(f"could not check: pip-audit took more than {_AUDIT_SECONDS} s") from error
    try:
        packages: list[Any] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError) as error:
        last = (done.stderr.strip() or "it says nothing").splitlines()[-1]
        raise AuditError(f"could not check: pip-audit failed: {last}") from error
    return packages
