import pytest

from tidemark import progress
from tidemark.errors import CommandError
from tidemark.progress import Progress


def test_waiting_ends_when_nothing_is_missing():
    answers = iter(["it boots", None])

    Progress().wait("LocalStack", lambda: next(answers), seconds=60)

    assert list(answers) == []


def test_a_wait_in_vain_says_for_what_and_what_was_missing():
    with pytest.raises(CommandError, match=r"^waited 0 s for the baseline in vain: no totals yet$"):
        Progress().wait("the baseline", lambda: "no totals yet", seconds=0)


def test_a_long_wait_shows_that_it_is_alive(capsys, monkeypatch):
    monkeypatch.setattr(progress, "HEARTBEAT_SECONDS", 0)
    answers = iter(["it boots", "it boots", None])

    Progress().wait("LocalStack", lambda: next(answers), seconds=60)

    assert "still waiting for LocalStack: it boots" in capsys.readouterr().err
