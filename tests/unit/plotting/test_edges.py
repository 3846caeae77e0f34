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

    assert settings == Settings(**{name.lower(): value for name, value in ENVIRON.items()})
    with pytest.raises(AttributeError):
        settings.data_bucket = "other"


def test_every_missing_or_empty_setting_is_named_in_one_line():
    with pytest.raises(ValueError, match=r"lacks: LEDGER_TABLE, DLQ_URL, RULE_DLQ_URL$"):
        Settings.from_env({**ENVIRON, "LEDGER_TABLE": "", "DLQ_URL": "", "RULE_DLQ_URL": ""})


def test_the_picture_of_the_data_bucket_is_plot_and_any_other_is_under_its_name():
    pictures = PlotBucket(None, "plots", "data")

    assert (pictures.key_of("data"), pictures.key_of("photos")) == ("plot", "plot/photos")
