"""`tidemark audit`: asks `uv audit` and `npm audit` about every lock, with dated exceptions in `audit.toml` beside it."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from tidemark.checkout import ROOT
from tidemark.errors import CommandError
from tidemark.installation.venvs import UV_HOME
from tidemark.node import npm

FOUND, NOT_CHECKED = 1, 2
"""Exit codes: a vulnerability is known or an exception is over; a lock was not checked."""
_VERDICTS = ("nothing that is not excepted", "look at the lines above", "NOT EVERYTHING WAS CHECKED")
_FORM = "an [[exception]] has package, id, until (a date such as 2027-05-31) and reason"


class Exemption(NamedTuple):
    """A vulnerability that is tolerated in one lock, up to and including a day."""

    package: str
    id: str
    until: date
    reason: str


def find_locks(root: Path) -> list[Path]:
    """Return every uv.lock and package-lock.json of the repository."""
    patterns = [
        f"{'[!.]*/' * depth}{name}" for name in ("uv.lock", "package-lock.json") for depth in range(4)
    ]
    return [path for each in patterns for path in root.glob(each) if "node_modules" not in path.parts]


def exemptions(lock: Path) -> list[Exemption]:
    """Return the exceptions in the file beside a lock. Raises CommandError if the file is malformed."""
    path = lock.with_name("audit.toml")
    try:
        document = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
        found = [Exemption(**entry) for entry in document.pop("exception", [])]
    except (ValueError, TypeError) as error:
        raise CommandError(f"{path}: {error}; {_FORM}") from error
    for package, name, until, reason in found:
        texts = all(isinstance(text, str) and text.strip() for text in (package, name, reason))
        # A TOML date-time is a date to Python, but cannot be compared with one.
        if not texts or type(until) is not date:
            raise CommandError(f"{path}: {package!r}, {name!r}, {until!r}, {reason!r}; {_FORM}")
    if document:
        raise CommandError(f"{path} holds {', '.join(document)}; {_FORM}")
    return found


def audit(lock: Path, *, root: Path, today: date, osv_url: str | None = None) -> int:
    """Audit one lock, print what is known of its packages and return the exit code."""
    code, name = 0, lock.relative_to(root)
    try:
        excepted = {f"{each.package}: {each.id}": each for each in exemptions(lock)}
        for label in [label for label, each in excepted.items() if each.until < today]:
            until = excepted.pop(label).until
            code = _complain(f"{name}: the exception of {label} until {until} is over: look again")
        count, known = _ask_uv(lock, osv_url) if lock.suffix == ".lock" else _ask_npm(lock)
        _require_knowing(excepted, known)
    except CommandError as error:
        print(f"{name}: NOT CHECKED")
        _complain(f"could not check {name}: {error}")
        return NOT_CHECKED
    unexcepted = sorted(line for line, labels in known.items() if not labels & excepted.keys())
    tolerated = len(known) - len(unexcepted)
    print(f"{name}: {count} packages, {len(known)} known vulnerabilities, {tolerated} of them excepted")
    for label, each in excepted.items():
        if any(label in labels for labels in known.values()):
            print(f"  excepted          {label} until {each.until}: {each.reason}")
        else:
            print(f"  no longer needed  the exception of {label} until {each.until}")
    for line in unexcepted:
        code = _complain(f"{name}: {line}")
    return code


def _require_knowing(excepted: Mapping[str, Exemption], known: Mapping[str, set[str]]) -> None:
    # An answer without any of them is also that of a service that has no advisories, behind a mirror for example.
    if excepted and not known:
        raise CommandError(
            "the service knows no excepted vulnerability: name another, or remove the exceptions"
        )


def _ask_uv(lock: Path, osv_url: str | None) -> tuple[int, dict[str, set[str]]]:
    command = [str(ROOT / UV_HOME / "bin" / "uv"), "audit", "--frozen", "--no-config"]
    command += ["--output-format", "json", "--preview-features", "audit-command,json-output"]
    command += ["--service-url", osv_url] if osv_url else []
    answer = _answer(subprocess.run(command, cwd=lock.parent, capture_output=True, text=True, check=False))
    count = answer["summary"]["audited_packages"]
    # Advisories name neither commits nor files, so a package from elsewhere than an index would pass unseen.
    indexed = sum("registry" in each["source"] for each in tomllib.loads(lock.read_text("utf-8"))["package"])
    if count != indexed:
        raise CommandError(f"uv looked at {count} packages, but {indexed} are from an index")
    return count, dict(
        _known(each["dependency"], [each["id"], *each["aliases"]], each["fix_versions"])
        for each in answer["vulnerabilities"]
    )


def _ask_npm(lock: Path) -> tuple[int, dict[str, set[str]]]:
    answer = _answer(npm("audit", "--package-lock-only", "--json", directory=lock.parent))
    packages = json.loads(lock.read_text("utf-8"))["packages"]
    return len(packages) - 1, dict(
        _known({"name": name, **packages[node]}, [via["url"].rpartition("/")[2]])
        for name, each in answer["vulnerabilities"].items()
        for node in each["nodes"]
        for via in each["via"]
        if isinstance(via, dict)  # a text names another package, which has an entry of its own
    )


def _answer(done: subprocess.CompletedProcess[str]) -> Any:
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        answer = {}
    if "vulnerabilities" not in answer:
        said = answer.get("message") or " ".join(done.stderr.split()) or "the tool says nothing"
        raise CommandError(said)
    return answer


def _known(package: Any, ids: Iterable[str], fixes: Iterable[str] = ()) -> tuple[str, set[str]]:
    """Return a line about a vulnerability, and what an exception of it may be called."""
    fixed = ", ".join(fixes)
    line = f"{package['name']} {package['version']}: {', '.join(sorted(ids))}"
    return f"{line}, fixed in {fixed}" if fixed else line, {f"{package['name']}: {each}" for each in ids}


def _complain(what: str) -> int:
    sys.stdout.flush()
    print(f"audit: {what}", file=sys.stderr)
    return FOUND


def command(
    *,
    osv_url: Annotated[str | None, typer.Option(help="OSV service to ask about Python packages.")] = None,
) -> int:
    """Ask for known vulnerabilities of every package in every lock; exit code 2: not everything was checked."""
    today = datetime.now(UTC).date()
    code = max(audit(lock, root=ROOT, today=today, osv_url=osv_url) for lock in find_locks(ROOT))
    print(f"audit: {_VERDICTS[code]}", file=sys.stderr if code else sys.stdout)
    return code
