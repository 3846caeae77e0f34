import pytest

from size_tracking.settings import Settings, SettingsError

ENVIRON = {
    "HISTORY_TABLE": "history",
    "LEDGER_TABLE": "ledger",
    "QUEUE_URL": "url",
    "TRACKED_BUCKETS": "data,other",
}


def test_settings_are_read():
    assert Settings.from_env(ENVIRON) == Settings("history", "ledger", "url", frozenset({"data", "other"}))


@pytest.mark.parametrize(("text", "days"), [("", 0), ("0", 0), ("90", 90)])
def test_samples_are_kept_forever_unless_a_number_of_days_is_set(text, days):
    assert Settings.from_env({**ENVIRON, "SAMPLE_RETENTION_DAYS": text}).sample_retention_days == days


def test_another_retention_is_refused():
    with pytest.raises(SettingsError, match=r"SAMPLE_RETENTION_DAYS is no whole number of days: '1\.5'"):
        Settings.from_env({**ENVIRON, "SAMPLE_RETENTION_DAYS": "1.5"})


@pytest.mark.parametrize("name", ENVIRON)
def test_a_missing_or_empty_variable_is_named(name):
    missing = {each: value for each, value in ENVIRON.items() if each != name}

    for environ in (missing, {**ENVIRON, name: ""}):
        with pytest.raises(SettingsError, match=f"^size-tracking lacks environment variables: {name}$"):
            Settings.from_env(environ)


def test_every_missing_variable_is_named():
    with pytest.raises(SettingsError, match="HISTORY_TABLE, LEDGER_TABLE, QUEUE_URL, TRACKED_BUCKETS"):
        Settings.from_env({})
