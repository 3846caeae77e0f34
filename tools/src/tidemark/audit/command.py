"""`tidemark audit`: fails for a known vulnerability, an exception that is over, or an answer that is missing."""

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from tidemark.audit.advisories import Advisory, exemptions, expired, judge
from tidemark.audit.locks import AuditError, Lock, node_locks, python_locks
from tidemark.audit.services import known_of_uv, node_advisories, python_advisories
from tidemark.checkout import ROOT

FOUND, UNCHECKED = 1, 2
"""Exit codes: something is known or an exception is over, and not everything could be asked about."""


def audit(root: Path, *, today: date, osv_url: str | None = None) -> int:
    """Audit all locks below a directory, print what was found and return the exit code."""
    pythons, nodes = python_locks(root), node_locks(root)
    codes = [_overdue(root, lock, today) for lock in (*pythons, *nodes)]
    try:
        ours = known_of_uv(osv_url)
    except AuditError as error:
        codes += [_not_checked(root, lock) for lock in pythons]
        print(f"audit: {error}", file=sys.stderr)
    else:
        for known in ours:
            print(f"audit: {known}", file=sys.stderr)
        codes += [FOUND] if ours else []
        codes += [_ask(root, lock, partial(python_advisories, lock, osv_url), today) for lock in pythons]
    codes += [_ask(root, lock, partial(node_advisories, lock), today) for lock in nodes]
    return max(codes)


def _overdue(root: Path, lock: Lock, today: date) -> int:
    """Print which exceptions of a lock are over, which needs no network."""
    over = expired(exemptions(lock.path), today)
    for exemption in over:
        _complain(root, lock, f"the exception of {exemption} is over: look again")
    return FOUND if over else 0


def _ask(root: Path, lock: Lock, ask: Callable[[], list[Advisory]], today: date) -> int:
    """Ask what is known of the packages of a lock, and print it."""
    try:
        advisories = ask()
    except AuditError as error:
        code = _not_checked(root, lock)
        print(f"audit: {error}", file=sys.stderr)
        return code
    verdict = judge(advisories, exemptions(lock.path), today)
    print(
        f"{lock.path.relative_to(root)}: {len(lock.pins)} packages, {len(advisories)} known vulnerabilities, "
        f"{len(advisories) - len(verdict.open)} of them excepted"
    )
    for exemption in verdict.used:
        print(f"  excepted          {exemption}: {exemption.reason}")
    for exemption in verdict.unused:
        print(f"  no longer needed  the exception of {exemption}")
    for known in verdict.open:
        _complain(root, lock, str(known))
    return FOUND if verdict.open else 0


def _not_checked(root: Path, lock: Lock) -> int:
    print(f"{lock.path.relative_to(root)}: {len(lock.pins)} packages NOT CHECKED")
    return UNCHECKED


def _complain(root: Path, lock: Lock, what: str) -> None:
    sys.stdout.flush()
    print(f"audit: {lock.path.relative_to(root)}: {what}", file=sys.stderr)


def command(
    *,
    osv_url: Annotated[
        str | None, typer.Option(help="OSV service for Python packages (default: https://api.osv.dev).")
    ] = None,
) -> int:
    """Ask for known vulnerabilities of every package in every lock; exit code 2: not everything was checked."""
    try:
        code = audit(ROOT, today=datetime.now(UTC).date(), osv_url=osv_url)
    except AuditError as error:
        print(f"audit: {error}", file=sys.stderr)
        return UNCHECKED
    words = {
        0: "nothing that is not excepted",
        FOUND: "look at the lines above",
        UNCHECKED: "NOT EVERYTHING WAS CHECKED",
    }
    print(f"audit: {words[code]}", file=sys.stderr if code else sys.stdout)
    return code
