"""The thin edges: settings, and the keys of pictures."""

import pytest

from plotting.plot_bucket import PlotBucket
from plotting.settings import Settings

ENVIRON = {
    "HISTORY_TABLE": "history",
    "LEDGER_TABLE": "ledger",
    "SIZE_INDEX": "GSI_SizeByBucket",
    "DATA_BUCKET": "data",
    "PLOT_BUCKET": "plots",
    "QUEUE_URL": "https://queue",
    "DLQ_URL": "https://dlq",
    "RULE_DLQ_URL": "https://rule-dlq",
    "CORS_ORIGIN": "*",
}


def test_settings_are_read_from_the_environment_once_and_frozen():
    settings = Settings.from_env({**ENVIRON, "PATH": "/bin"})

    named = {name.lower(): value for name, value in ENVIRON.items()}
    assert settings == Settings(**named, sample_retention_days=None)
    with pytest.raises(AttributeError):
        settings.data_bucket = "other"


@pytest.mark.parametrize(("text", "days"), [("", None), ("0", None), ("30", 30)])
def test_samples_are_kept_for_a_number_of_days_or_forever(text, days):
    assert Settings.from_env({**ENVIRON, "SAMPLE_RETENTION_DAYS": text}).sample_retention_days == days


def test_a_retention_that_is_no_number_is_named():
    with pytest.raises(ValueError, match="SAMPLE_RETENTION_DAYS is not a number of days: 'a month'"):
        Settings.from_env({**ENVIRON, "SAMPLE_RETENTION_DAYS": "a month"})


def test_every_missing_or_empty_setting_is_named_in_one_line():
    with pytest.raises(ValueError, match=r"lacks: LEDGER_TABLE, DLQ_URL, RULE_DLQ_URL$"):
        Settings.from_env({**ENVIRON, "LEDGER_TABLE": "", "DLQ_URL": "", "RULE_DLQ_URL": ""})


def test_the_picture_of_the_data_bucket_is_plot_and_any_other_is_under_its_name():
    pictures = PlotBucket(None, "plots", "data")

    assert (pictures.key_of("data"), pictures.key_of("photos")) == ("plot", "plot/photos")
