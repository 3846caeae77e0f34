import json
from datetime import UTC, datetime

from image_lambda_runtime.reports import Report, framed

BEGAN = datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)


def test_the_log_of_an_invocation_is_framed_as_lambda_frames_it():
    report = Report("id-1", "$LATEST", 12.345, 128, peak_memory_bytes=40 * 1024 * 1024, init_ms=100.5)

    assert framed(report, "hello", BEGAN) == (
        "START RequestId: id-1 Version: $LATEST\n"
        "hello\n"
        "END RequestId: id-1\n"
        "REPORT RequestId: id-1\tDuration: 12.35 ms\tBilled Duration: 113 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 40 MB\tInit Duration: 100.50 ms\n"
    )


def test_a_failure_is_in_the_report():
    report = Report("id-1", "7", 3000.0, 128, status="timeout", error_type="Sandbox.Timedout")

    assert framed(report, "", BEGAN).endswith(
        "Memory Size: 128 MB\tStatus: timeout\tError Type: Sandbox.Timedout\n"
    )


def test_json_logs_carry_platform_records():
    report = Report("id-1", "7", 1.5, 128, peak_memory_bytes=1, status="error", error_type="ValueError")

    start, line, end = framed(report, '{"mine": 1}', BEGAN, as_json=True).splitlines()

    assert json.loads(start) == {
        "time": "2024-05-06T07:08:09.123Z",
        "type": "platform.start",
        "record": {"requestId": "id-1", "version": "7"},
    }
    assert line == '{"mine": 1}'
    assert json.loads(end)["record"] == {
        "requestId": "id-1",
        "status": "error",
        "errorType": "ValueError",
        "metrics": {"durationMs": 1.5, "billedDurationMs": 2, "memorySizeMB": 128, "maxMemoryUsedMB": 1},
    }
