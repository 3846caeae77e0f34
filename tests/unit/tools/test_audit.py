"""The audit with the real uv and the real npm, against services on the loopback interface."""

import json
import subprocess
import tomllib
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.servers import SilentHandler, serving
from tidemark import audit, cli
from tidemark.local.ports import free_port

ROOT = Path(__file__).parents[3]
EXCEPTION = '[[exception]]\npackage = "{}"\nid = "{}"\nuntil = {}\nreason = "never called"\n'
INDEX = '{ registry = "https://index.example/simple" }'
PACKAGES = [("cbor2", "5.8.0"), ("numpy", "2.4.6"), ("numpy", "2.5.5")]


class Service(SilentHandler):
    """An OSV service and npm's advisories, which know what a test puts in: for OSV the pins that have a flaw."""

    def do_POST(self):
        if self.path.endswith("/advisories/bulk"):
            return self._answer(self.server.npm)
        queries = json.loads(self.body())["queries"]
        pins = [(query["package"]["name"], query["version"]) for query in queries]
        self.server.requested += pins
        known = [{"vulns": [record(*pin)]} if pin in self.server.osv else {} for pin in pins]
        return self._answer({"results": known})

    def do_GET(self):
        # OSV's whole record of a vulnerability. npm asks which versions there are, to name one with a fix.
        name = self.path.rpartition("/")[2]
        records = {record(*pin)["id"]: record(*pin) for pin in self.server.osv}
        self._answer(records.get(name, {"name": name, "dist-tags": {}, "versions": {}}))

    def _answer(self, document):
        self.answer(self.server.status, json.dumps(document).encode())


def record(package, version):
    """Return a vulnerability as OSV describes it."""
    fixed = {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99"}]}
    return {
        "id": f"GHSA-{package}-{version}",
        "aliases": [f"CVE-{package}"],
        "summary": "bad",
        "modified": "2026-01-01T00:00:00Z",
        "affected": [{"package": {"name": package, "ecosystem": "PyPI"}, "ranges": [fixed]}],
    }


@pytest.fixture
def service():
    with serving(Service) as server:
        server.osv, server.npm, server.requested, server.status = [], {}, [], 200
        yield server


@pytest.fixture
def clone(tmp_path, monkeypatch, service):
    """Return a clone with one Python lock and one Node lock, in which npm asks the service."""
    write_lock(tmp_path, PACKAGES)
    (web := tmp_path / "web").mkdir()
    package = {"name": "web", "dependencies": {"left-pad": "1.0.0"}}
    (web / "package.json").write_text(json.dumps(package))
    lock = {"lockfileVersion": 3, "packages": {"": package, "node_modules/left-pad": {"version": "1.0.0"}}}
    (web / "package-lock.json").write_text(json.dumps(lock))
    monkeypatch.setattr(audit, "ROOT", tmp_path)
    monkeypatch.setattr(audit, "UV_HOME", ROOT / ".venvs" / "uv")
    monkeypatch.setenv("npm_config_registry", service.url)
    monkeypatch.setenv("npm_config_cache", str(tmp_path / ".npm"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    return tmp_path


def write_lock(directory, pins, source=INDEX):
    named = [f'name = "{name}"\nversion = "{version}"\nsource = {source}' for name, version in pins]
    own = ", ".join(f"{{ {each.replace(chr(10), ', ')} }}" for each in named)
    (directory / "uv.lock").write_text(
        'version = 1\nrequires-python = ">=3.11"\n[[package]]\nname = "own"\nversion = "0"\n'
        f'source = {{ virtual = "." }}\ndependencies = [{own}]\n'
        + "".join(f"[[package]]\n{each}\n" for each in named)
    )
    (directory / "pyproject.toml").write_text('[project]\nname = "own"\nversion = "0"\n')


@pytest.fixture
def run(clone, service, capsys, monkeypatch):
    """Return a function that runs the command on 2026-11-21: it returns the exit code, output and error output."""
    monkeypatch.setattr(
        audit, "datetime", SimpleNamespace(now=lambda zone: datetime(2026, 11, 21, tzinfo=zone))
    )

    def run(osv_url=None):
        code = cli.main(["audit", "--osv-url", osv_url or service.url])
        return code, *capsys.readouterr()

    return run


def test_every_package_is_asked_about_in_every_version_and_nothing_known_is_well(run, service):
    code, out, err = run()

    assert (code, err) == (0, "")
    assert "uv.lock: 3 packages, 0 known vulnerabilities" in out
    assert "web/package-lock.json: 1 packages, 0 known" in out
    assert sorted(service.requested) == PACKAGES


@pytest.mark.parametrize("pin", [PACKAGES[0], PACKAGES[2]])
def test_a_known_vulnerability_fails_with_its_version_its_names_and_its_fix(run, service, pin):
    service.osv = [pin]

    code, _, err = run()

    package, version = pin
    assert code == audit.FOUND
    assert err.splitlines()[:-1] == [
        f"audit: uv.lock: {package} {version}: CVE-{package}, GHSA-{package}-{version}, fixed in 99"
    ]


def test_a_vulnerable_node_package_fails(run, service):
    url = "https://example.com/advisories/GHSA-aaaa"
    service.npm = {"left-pad": [{"id": 1, "url": url, "vulnerable_versions": "<2"}]}

    code, _, err = run()

    assert code == audit.FOUND
    assert "audit: web/package-lock.json: left-pad 1.0.0: GHSA-aaaa\n" in err


@pytest.mark.parametrize(
    ("package", "name", "code", "line"),
    [
        ("cbor2", "CVE-cbor2", 0, "excepted          {}: never called"),
        ("cbor2", "GHSA-cbor2-5.8.0", 0, "excepted          {}: never called"),
        ("cbor2", "CVE-numpy", audit.FOUND, "no longer needed  the exception of {}"),
        ("numpy", "CVE-cbor2", audit.FOUND, "no longer needed  the exception of {}"),
    ],
)
def test_an_exception_lets_one_vulnerability_of_one_package_stand_until_its_day(
    run, clone, service, package, name, code, line
):
    service.osv = PACKAGES[:1]
    (clone / "audit.toml").write_text(EXCEPTION.format(package, name, "2026-11-21"))

    found, out, err = run()

    assert found == code
    assert ("audit: uv.lock: cbor2 5.8.0: " in err) == bool(code)
    assert f"1 known vulnerabilities, {0 if code else 1} of them excepted" in out
    assert line.format(f"{package}: {name} until 2026-11-21") in out


def test_a_service_that_knows_no_advisories_is_no_clean_bill(run, clone, service):
    service.osv = []
    (clone / "audit.toml").write_text(EXCEPTION.format("cbor2", "CVE-cbor2", "2026-11-21"))

    code, out, err = run()

    assert code == audit.NOT_CHECKED
    assert "uv.lock: NOT CHECKED\n" in out
    assert "knows no excepted vulnerability" in err


@pytest.mark.parametrize("known", [PACKAGES[:1], []])
def test_an_exception_past_its_day_covers_nothing_and_fails_with_or_without_an_answer(
    run, clone, service, known
):
    service.osv = known
    (clone / "audit.toml").write_text(EXCEPTION.format("cbor2", "CVE-cbor2", "2026-11-20"))

    code, _, err = run()
    unanswered = run(url := f"http://127.0.0.1:{free_port()}")

    over = "uv.lock: the exception of cbor2: CVE-cbor2 until 2026-11-20 is over: look again"
    assert code == audit.FOUND
    assert ("uv.lock: cbor2 5.8.0: " in err) == bool(known)
    assert over in err
    assert unanswered[0] == audit.NOT_CHECKED
    assert "uv.lock: NOT CHECKED\n" in unanswered[1]
    assert over in unanswered[2]
    assert url in unanswered[2]


@pytest.mark.parametrize("status", [404, 500])
def test_a_service_that_refuses_is_no_clean_bill(run, service, status):
    service.status = status

    code, out, err = run()

    assert code == audit.NOT_CHECKED
    assert out.count("NOT CHECKED") == 2
    for lock in ("uv.lock", "web/package-lock.json"):
        assert f"could not check {lock}: " in err


def test_a_package_from_elsewhere_than_an_index_is_no_clean_bill(run, clone):
    write_lock(clone, [("a", "1")], f'{{ git = "https://example.com/a?rev=1#{"0" * 40}" }}')

    code, _, err = run()

    assert code == audit.NOT_CHECKED
    assert "uv looked at 1 packages, but 0 are from an index" in err


def test_without_node_the_line_says_what_to_run(run, monkeypatch):
    monkeypatch.setattr("tidemark.node.packaged_node", lambda: None)

    code, _, err = run()

    assert code == audit.NOT_CHECKED
    assert "run make install" in err


def test_all_locks_of_the_repository_are_audited():
    listed = subprocess.check_output(
        ["git", "ls-files", "*uv.lock", "*package-lock.json"], cwd=ROOT, text=True
    )

    found = [str(lock.relative_to(ROOT)) for lock in audit.find_locks(ROOT)]

    assert sorted(found) == sorted(listed.split())


def test_the_exceptions_of_the_repository_are_of_what_its_locks_pin_and_only_of_the_emulator():
    for lock in audit.find_locks(ROOT):
        if excepted := audit.exemptions(lock):
            assert lock.parent.name in {"localstack", "dynamodb"}
            packages = tomllib.loads(lock.read_text())["package"]
            assert {each.package for each in excepted} <= {package["name"] for package in packages}


@pytest.mark.parametrize(
    "text",
    [
        "[[exception]",
        'exception = "x"\n',
        '[other]\nid = "x"\n',
        '[[exception]]\npackage = "a"\n',
        EXCEPTION.format("a", "b", '"2027-01-01"'),
        EXCEPTION.format("a", "b", "2027-01-01T00:00:00"),
        EXCEPTION.format("a", " ", "2027-01-01"),
    ],
)
def test_a_malformed_exceptions_file_is_one_line_with_the_right_form_and_no_clean_bill(
    tmp_path, capsys, text
):
    (tmp_path / "audit.toml").write_text(text)

    code = audit.audit(tmp_path / "uv.lock", root=tmp_path, today=date(2026, 11, 21))

    out, err = capsys.readouterr()
    assert (code, out) == (audit.NOT_CHECKED, "uv.lock: NOT CHECKED\n")
    (line,) = err.splitlines()
    assert line.startswith(f"audit: could not check uv.lock: {tmp_path / 'audit.toml'}")
    assert line.endswith("; an [[exception]] has package, id, until (a date such as 2027-05-31) and reason")
