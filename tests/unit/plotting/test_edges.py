"""The thin edges: settings, the keys of pictures, and a queue that cannot be reached."""

import socket

import boto3
import pytest
from botocore.config import Config

from plotting.plot_bucket import PlotBucket
from plotting.settings import Settings
from plotting.tracking_queue import TrackingQueue

ENVIRON = {
    "HISTORY_TABLE": "history",
    "LEDGER_TABLE": "ledger",
    "SIZE_INDEX": "GSI_SizeByBucket",
    "DATA_BUCKET": "data",
    "PLOT_BUCKET": "plots",
    "QUEUE_URL": "https://queue",
    "CORS_ORIGIN": "*",
}


def test_settings_are_read_from_the_environment_once_and_frozen():
    settings = Settings.from_env({**ENVIRON, "PATH": "/bin"})

    assert settings == Settings(
        "history", "ledger", "GSI_SizeByBucket", "data", "plots", "https://queue", "*"
    )
    with pytest.raises(AttributeError):
        settings.data_bucket = "other"


def test_every_missing_or_empty_setting_is_named_in_one_line():
    with pytest.raises(ValueError, match=r"lacks: LEDGER_TABLE, QUEUE_URL$"):
        Settings.from_env({**ENVIRON, "LEDGER_TABLE": "", "QUEUE_URL": ""})


def test_the_picture_of_the_data_bucket_is_plot_and_any_other_is_under_its_name():
    pictures = PlotBucket(None, "plots", "data")

    assert (pictures.key_of("data"), pictures.key_of("photos")) == ("plot", "plot/photos")


def test_a_queue_out_of_reach_is_a_backlog_not_known_with_its_reason(caplog):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    client = boto3.client(
        "sqs",
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )

    backlog = TrackingQueue(client, f"{url}/000000000000/tracking").backlog(0)

    assert backlog.waiting is None
    assert backlog.age_seconds is None
    assert backlog.reason == "the tracking queue did not answer: EndpointConnectionError"
    assert "EndpointConnectionError" in caplog.text


class Queue:
    """Stands in for SQS, which counts roughly and later: here every count is what a test says."""

    def __init__(self, *counts):
        self._counts = iter(counts)

    def get_queue_attributes(self, **_):
        waiting, in_flight, delayed = next(self._counts)
        return {
            "Attributes": {
                "ApproximateNumberOfMessages": str(waiting),
                "ApproximateNumberOfMessagesNotVisible": str(in_flight),
                "ApproximateNumberOfMessagesDelayed": str(delayed),
            }
        }


def test_what_waits_is_at_most_as_old_as_the_last_sight_of_an_empty_queue():
    queue = TrackingQueue(Queue((0, 0, 0), (2, 1, 0), (0, 0, 1), (0, 0, 0), (1, 0, 0)), "url")

    seen = [queue.backlog(second * 1_000_000 + 1) for second in (10, 12, 15, 20, 20)]

    assert [backlog.waiting for backlog in seen] == [0, 3, 1, 0, 1]
    assert [backlog.age_seconds for backlog in seen] == [0, 2, 5, 0, 1]


def test_the_age_is_not_known_before_the_queue_was_ever_seen_empty():
    assert TrackingQueue(Queue((0, 1, 0)), "url").backlog(0).age_seconds is None
