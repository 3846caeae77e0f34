import time

import pytest

from tests.unit.size_tracking.parts import Parts


@pytest.fixture
def parts():
    made = Parts()
    made.track()
    return made


@pytest.fixture
def new():
    """Return the parts with a tracked bucket that has no totals yet."""
    made = Parts()
    made.track(totals=None)
    return made


@pytest.fixture
def longest_pauses(monkeypatch):
    monkeypatch.setattr("random.uniform", lambda _, longest: longest)


@pytest.fixture
def elsewhere(monkeypatch):
    """Let this machine be in another time zone."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
