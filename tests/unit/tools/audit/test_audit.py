"""The audit with the real uv and the real npm, against services on the loopback interface."""

import json
import subprocess
from datetime import date
from pathlib import Path

import pytest

from tests.unit.tools.audit.conftest import osv
from tidemark.audit import command, locks
from tidemark.audit.advisories import Advisory, Exemption, exemptions, judge
from tidemark.audit.locks import AuditError, Lock, Pin
from tidemark.audit.services import node_advisories, python_advisories
from tidemark.installation.venvs import UV_VERSION
from tidemark.local.ports import free_port

ROOT = Path(__file__).parents[4]
TODAY = date(2026, 11, 21)
EXCEPTION = '[[exception]]\npackage = "{}"\nid = "{}"\nuntil = {}\nreason = "never called"\n'
CBOR = Advisory(Pin("cbor2", "5.8.0"), frozenset({"GHSA-1", "CVE-1"}), ("5.9.0",))


@pytest.fixture
def clone(tmp_path, monkeypatch, service):
    """A clone with one Python lock and one Node lock, whose registry is the service."""
    packages = [("cbor2", "5.8.0"), ("numpy", "2.4.6"), ("numpy", "2.5.5")]
    registry = 'source = { registry = "https://pypi.org/simple" }'
    named = [f'name = "{name}"\nversion = "{version}"\n{registry}\n' for name, version in packages]
    own = ", ".join(f"{{ {each.strip().replace(chr(10), ', ')} }}" for each in named)
    (tmp_path / "uv.lock").write_text(
        'version = 1\nrequires-python = ">=3.11"\n[[package]]\nname = "own"\nversion = "0"\n'
        f'source = {{ virtual = "." }}\ndependencies = [{own}]\n'
        + "".join(f"[[package]]\n{each}" for each in named)
    )
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "own"\nversion = "0"\n')
    web = tmp_path / "web"
    web.mkdir()
    (web / "package.json").write_text(json.dumps({"name": "web", "dependencies": {"left-pad": "1.0.0"}}))
    lock = {
        "name": "web",
        "lockfileVersion": 3,
        "requires": True,
        "packages": {
            "": {"name": "web", "dependencies": {"left-pad": "1.0.0"}},
            "node_modules/left-pad": {"version": "1.0.0"},
        },
    }
    (web / "package-lock.json").write_text(json.dumps(lock))
    monkeypatch.setenv("npm_config_registry", service.url)
    monkeypatch.setenv("npm_config_cache", str(tmp_path / ".npm"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    return tmp_path


@pytest.fixture
def audit(clone, service, capsys):
    def audit(today=TODAY, osv_url=None):
        code = command.audit(clone, today=today, osv_url=osv_url or service.url)
        return code, *capsys.readouterr()

    return audit


def test_every_package_is_asked_about_in_every_version_and_nothing_known_is_well(audit, service):
    code, out, err = audit()

    assert (code, err) == (0, "")
    assert "uv.lock: 3 packages, 0 known vulnerabilities" in out
    assert "web/package-lock.json: 1 packages, 0 known" in out
    assert set(service.requested) >= {("cbor2", "5.8.0"), ("numpy", "2.4.6"), ("numpy", "2.5.5")}
    assert ("uv", UV_VERSION) in service.requested


@pytest.mark.parametrize(
    ("package", "version", "where"),
    [("cbor2", "5.8.0", "uv.lock: "), ("numpy", "2.5.5", "uv.lock: "), ("uv", UV_VERSION, "")],
)
def test_a_known_vulnerability_fails_with_its_version_its_names_and_its_fix(
    audit, service, package, version, where
):
    service.osv[package, version] = [osv("2026-1", package=package, fixed="99")]

    code, _, err = audit()

    assert code == command.FOUND
    assert err == f"audit: {where}{package} {version}: CVE-2026-1, GHSA-2026-1, fixed in 99\n"


def test_an_exception_lets_one_vulnerability_stand_and_says_why(audit, clone, service):
    service.osv["cbor2", "5.8.0"] = [osv("2026-1", package="cbor2", fixed="5.9.0")]
    (clone / "audit.toml").write_text(EXCEPTION.format("cbor2", "CVE-2026-1", "2026-11-21"))

    code, out, err = audit()

    assert (code, err) == (0, "")
    assert "1 known vulnerabilities, 1 of them excepted" in out
    assert "excepted          cbor2: CVE-2026-1 until 2026-11-21: never called" in out


def test_an_exception_past_its_date_fails_even_where_nothing_is_known_or_can_be_asked(audit, clone):
    (clone / "audit.toml").write_text(EXCEPTION.format("cbor2", "CVE-2026-1", "2026-11-20"))

    known, unreachable = audit(), audit(osv_url="http://127.0.0.1:9")

    for code, _, err in (known, unreachable):
        assert code >= command.FOUND
        assert "uv.lock: the exception of cbor2: CVE-2026-1 until 2026-11-20 is over: look again" in err


def test_an_exception_that_nothing_needs_is_told(audit, clone):
    (clone / "audit.toml").write_text(EXCEPTION.format("cbor2", "CVE-2026-1", "2027-01-01"))

    assert "no longer needed  the exception of cbor2: CVE-2026-1" in audit()[1]


def test_without_an_answer_nothing_passes(audit):
    url = f"http://127.0.0.1:{free_port()}"

    code, out, err = audit(osv_url=url)

    assert code == command.UNCHECKED
    assert "uv.lock: 3 packages NOT CHECKED" in out
    assert "could not check: uv audit failed" in err
    assert url in err


@pytest.mark.parametrize("status", [404, 500])
def test_a_service_that_refuses_is_no_clean_bill(audit, service, status):
    service.status = status

    code, out, err = audit()

    assert code == command.UNCHECKED
    assert out.count("NOT CHECKED") == 2
    assert "could not check: uv audit failed" in err
    assert "could not check web/package-lock.json" in err


def test_a_service_that_knows_no_advisories_is_no_clean_bill(audit, service):
    service.osv.clear()

    code, _, err = audit()

    assert code == command.UNCHECKED
    assert "knows nothing of jinja2 2.10" in err


def test_a_vulnerable_node_package_fails(audit, service):
    found = {"id": 1, "url": "https://github.com/advisories/GHSA-aaaa", "title": "bad", "severity": "high"}
    service.npm = {"left-pad": [{**found, "vulnerable_versions": "<2"}]}

    code, _, err = audit()

    assert code == command.FOUND
    assert err == "audit: web/package-lock.json: left-pad 1.0.0: GHSA-aaaa\n"


def test_a_package_that_uv_leaves_out_is_no_clean_bill(clone, service):
    (lock,) = locks.python_locks(clone)
    larger = Lock(lock.path, lock.pins | {Pin("another", "1")})

    with pytest.raises(AuditError, match="looked at 3 packages, not at 4"):
        python_advisories(larger, service.url)


def test_all_locks_of_the_repository_are_audited():
    listed = subprocess.run(
        ["git", "ls-files", "*uv.lock", "*package-lock.json"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip

    audited = [*locks.python_locks(ROOT), *locks.node_locks(ROOT)]

    assert {str(lock.path.relative_to(ROOT)) for lock in audited} == set(listed.stdout.split())
    assert all(lock.pins for lock in audited)


def test_the_exceptions_of_the_repository_are_of_what_its_locks_pin_and_only_of_the_emulator():
    for lock in locks.python_locks(ROOT):
        excepted = exemptions(lock.path)

        assert {each.package for each in excepted} <= {pin.name for pin in lock.pins}
        assert not excepted or lock.path.parent.name in {"localstack", "dynamodb"}


def test_a_package_from_elsewhere_than_an_index_is_refused(tmp_path):
    lock = '[[package]]\nname = "a"\nversion = "1"\nsource = { git = "https://example.com/a" }\n'
    (tmp_path / "uv.lock").write_text(lock)

    with pytest.raises(AuditError, match="only packages of an index"):
        locks.python_locks(tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[exception]", "audit.toml"),
        ('[other]\nid = "x"\n', r"\[\[exception\]\] tables and nothing else"),
        ('[[exception]]\npackage = "a"\n', "an exception has id, package, reason, until"),
        (EXCEPTION.format("a", "b", '"2027-01-01"'), "until is a date"),
        (EXCEPTION.format("a", "b", "2027-01-01T00:00:00"), "until is a date"),
        (EXCEPTION.format("a", " ", "2027-01-01"), "id of an exception is a text"),
    ],
)
def test_an_exceptions_file_that_is_none_is_named(tmp_path, text, words):
    (tmp_path / "audit.toml").write_text(text)

    with pytest.raises(AuditError, match=words):
        exemptions(tmp_path / "uv.lock")


@pytest.mark.parametrize(
    ("package", "id_", "until", "open_"),
    [
        ("cbor2", "CVE-1", TODAY, 0),
        ("cbor2", "GHSA-1", TODAY, 0),
        ("cbor2", "CVE-2", TODAY, 1),
        ("other", "CVE-1", TODAY, 1),
        ("cbor2", "CVE-1", date(2026, 11, 20), 1),
    ],
    ids=["by alias", "by id", "another id", "another package", "yesterday"],
)
def test_an_exception_covers_one_vulnerability_of_one_package_until_its_day(package, id_, until, open_):
    verdict = judge([CBOR], [Exemption(package, id_, until, "why")], TODAY)

    assert len(verdict.open) == open_


def test_without_node_the_line_says_what_to_run(clone, monkeypatch):
    monkeypatch.setattr("tidemark.node.packaged_node", lambda: None)

    with pytest.raises(AuditError, match="make install"):
        node_advisories(locks.node_locks(clone)[0])
