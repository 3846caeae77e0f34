import json

from size_history.items import Sample
from size_tracking import metrics


def test_a_record_is_one_line_in_cloudwatchs_format(capsys):
    metrics.emit(
        {"Bucket": "b"}, {"Size": (5, "Bytes"), "Lag": ([1, 2], "Milliseconds")}, at=1_800_000_000_123_999
    )

    out = capsys.readouterr().out
    assert out.endswith("\n")
    assert len(out.splitlines()) == 1
    assert json.loads(out) == {
        "_aws": {
            "Timestamp": 1_800_000_000_123,
            "CloudWatchMetrics": [
                {
                    "Namespace": "Tidemark",
                    "Dimensions": [["Bucket"]],
                    "Metrics": [{"Name": "Size", "Unit": "Bytes"}, {"Name": "Lag", "Unit": "Milliseconds"}],
                }
            ],
        },
        "Bucket": "b",
        "Size": 5,
        "Lag": [1, 2],
    }


def test_a_record_is_flushed_at_once(monkeypatch):
    """Lambda freezes the process after the answer."""
    asked = []
    monkeypatch.setattr("builtins.print", lambda *_, **more: asked.append(more))

    metrics.emit({}, {}, at=0)

    assert asked == [{"flush": True}]


def test_a_sample_tells_the_size():
    assert metrics.sizes(Sample("b", 1, 5, 2)) == {"TotalSize": (5, "Bytes"), "ObjectCount": (2, "Count")}
    assert metrics.sizes(None) == {}


def test_a_record_has_at_most_100_values_of_a_metric():
    assert metrics.MAX_VALUES == 100  # a limit of the format


def test_values_of_all_buckets_have_the_name_of_the_function(monkeypatch):
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "tracker")
    assert metrics.of_function() == {"Function": "tracker"}

    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME")
    assert metrics.of_function() == {"Function": "unknown"}
