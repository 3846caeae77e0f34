"""Audits every lock of the repository: fails for a known vulnerability, an exception that is over, or no answer."""

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from tidemark.audit import node, python
from tidemark.audit.advisories import Advisory, exemptions, expired, judge
from tidemark.audit.locks import AuditError, Lock, node_locks, python_locks
from tidemark.checkout import ROOT

FOUND, UNCHECKED = 1, 2
"""Exit codes: something is known or an exception is over, and not everything could be asked about."""


def audit(root: Path, *, today: date, osv_url: str | None = None) -> int:
    """Audit all locks below a directory and say what was found; return the exit code."""
    pythons, nodes = python_locks(root), node_locks(root)
    codes = [_overdue(root, lock, today) for lock in (*pythons, *nodes)]
    pins = frozenset(pin for lock in pythons for pin in lock.pins)
    codes.append(_ask(root, pythons, lambda: python.advisories(pins, osv_url=osv_url), today))
    codes += [_ask(root, [lock], partial(node.advisories, lock), today) for lock in nodes]
    return max(codes)


def _overdue(root: Path, lock: Lock, today: date) -> int:
    """Say which exceptions of a lock are over: that needs no network."""
    over = expired(exemptions(lock.path), today)
    for exemption in over:
        _complain(root, lock, f"the exception of {exemption} is over: look again")
    return FOUND if over else 0


def _ask(root: Path, locks: list[Lock], known: Callable[[], list[Advisory]], today: date) -> int:
    """Ask what is known of all packages of some locks, and say so for each lock."""
    try:
        advisories = known()
    except AuditError as error:
        for lock in locks:
            print(f"{lock.path.relative_to(root)}: {len(lock.pins)} packages NOT CHECKED")
        print(f"audit: {error}", file=sys.stderr)
        return UNCHECKED
    return max(_tell(root, lock, advisories, today) for lock in locks)


def _tell(root: Path, lock: Lock, advisories: list[Advisory], today: date) -> int:
    concerned = [each for each in advisories if each.pin in lock.pins]
    verdict = judge(concerned, exemptions(lock.path), today)
    print(
        f"{lock.path.relative_to(root)}: {len(lock.pins)} packages, {len(concerned)} known vulnerabilities, "
        f"{len(concerned) - len(verdict.open)} of them excepted"
    )
    for exemption in verdict.used:
        print(f"  excepted          {exemption}: {exemption.reason}")
    for exemption in verdict.unused:
        print(f"  no longer needed  the exception of {exemption}")
    for known in verdict.open:
        _complain(root, lock, str(known))
    return FOUND if verdict.open else 0


def _complain(root: Path, lock: Lock, what: str) -> None:
    sys.stdout.flush()
    print(f"audit: {lock.path.relative_to(root)}: {what}", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, FOUND, or UNCHECKED."""
    parser = argparse.ArgumentParser(
        prog="audit", description="Audit every lock against published advisories."
    )
    parser.add_argument(
        "--osv-url", help="ask this OSV service instead of PyPI: https://api.osv.dev/v1/query"
    )
    options = parser.parse_args(arguments)
    try:
        code = audit(ROOT, today=datetime.now(UTC).date(), osv_url=options.osv_url or None)
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


if __name__ == "__main__":
    sys.exit(main())
