import io

from tidemark.loop.log_records import in_one_line, records
from tidemark.loop.logs import Colours

ID = "54e95de1-357a-43af-9ce5-ab109b68ae66"
END_OF_INVOCATION = 1795261746132


def events(*lines, stream="one", at=END_OF_INVOCATION):
    """Return what CloudWatch Logs holds of an invocation: its lines come together when it ends."""
    framed = [f"START RequestId: {ID} Version: $LATEST", *lines, f"END RequestId: {ID}"]
    return [{"logStreamName": stream, "timestamp": at, "message": f"{line}\n"} for line in framed]


def logged(message, *, level="INFO", second=5):
    return f"[{level}]\t2026-11-21T11:49:0{second}.126Z\t{ID}\t{message}"


def test_a_logged_line_is_a_record_with_its_own_time_and_request():
    (record,) = records("plotting", events(logged("GET /health 200")))

    assert (record.level, record.request_id, record.message) == ("INFO", ID, "GET /health 200")
    assert record.time == 1795261745126


def test_start_and_end_are_left_out_and_the_report_is_a_record():
    report = f"REPORT RequestId: {ID}\tDuration: 12.50 ms\tBilled Duration: 13 ms"
    (record,) = records("plotting", [*events(), {**events()[0], "message": report}])

    assert (record.level, record.message) == ("REPORT", "Duration: 12.50 ms Billed Duration: 13 ms")


def test_the_trackers_trace_is_left_out():
    trace = '{"trace":"committed","id":"9f86d081"}'
    lines = [logged("tracked bucket=data"), logged(trace, level="DEBUG"), logged("reconcile ended")]

    assert [record.message for record in records("size-tracking", events(*lines))] == [
        "tracked bucket=data",
        "reconcile ended",
    ]


def test_a_traceback_belongs_to_the_record_before_it_and_what_is_printed_after_it_does_not():
    lines = [
        logged("request failed", level="ERROR"),
        "Traceback (most recent call last):",
        '  File "handler.py", line 39, in handler',
        "ValueError: no such thing",
        "printed afterwards",
    ]

    failed, printed = records("plotting", events(*lines))

    begin = "request failed \u21b5 Traceback (most recent call last): \u21b5   File"
    assert in_one_line(failed).startswith(begin)
    assert in_one_line(failed).endswith("ValueError: no such thing")
    assert (printed.level, printed.message) == ("PRINT", "printed afterwards")


def test_chained_tracebacks_are_one_record():
    frames = ["Traceback (most recent call last):", "  in a", "KeyError: 'a'"]
    chained = [
        *frames,
        "",
        "During handling of the above exception, another exception occurred:",
        "",
        *frames,
    ]

    (record,) = records("driver", events(logged("failed", level="ERROR"), *chained))

    assert record.message.count("KeyError") == 2


def test_a_record_that_begins_in_the_line_of_the_one_before_is_one_of_its_own():
    glued = "ValueError: no such thing" + logged("POST /plot 500", second=6)
    lines = [logged("failed", level="ERROR"), "Traceback (most recent call last):", "  in a", glued]

    failed, answered = records("plotting", events(*lines))

    assert failed.message.endswith("ValueError: no such thing")
    assert answered.message == "POST /plot 500"


def test_an_exception_that_left_the_handler_is_an_error_in_one_line():
    line = "[ERROR] TypeError: no list of Records\rTraceback (most recent call last):\r  in handler"

    (record,) = records("size-tracking", events(line))

    assert (record.level, record.request_id, record.time) == ("ERROR", ID, END_OF_INVOCATION)
    shown = "TypeError: no list of Records \u21b5 Traceback (most recent call last): \u21b5   in handler"
    assert in_one_line(record) == shown


def test_a_timeout_and_an_exit_are_errors_of_their_request():
    lines = [
        f"2026-11-21T11:49:06.132Z {ID} Task timed out after 30.00 seconds",
        f"RequestId: {ID} Error: Runtime exited with error: signal: killed",
    ]

    found = records("driver", events(*lines))

    assert [(record.level, record.request_id) for record in found] == [("ERROR", ID), ("ERROR", ID)]


def test_a_metric_is_shown_by_its_values():
    (record,) = records("size-tracking", events('{"_aws": {"Timestamp": 1}, "Bucket": "data", "Size": 27}'))

    assert (record.level, record.message) == ("METRIC", "Bucket=data Size=27")


def test_streams_are_merged_by_the_time_of_their_records():
    first = events(logged("third", second=7), stream="one")
    second = events(logged("first", second=5), logged("second", second=6), stream="two")
    interleaved = [event for pair in zip(first, second, strict=False) for event in pair] + second[3:]

    assert [record.message for record in records("driver", interleaved)] == ["first", "second", "third"]


def test_only_a_terminal_gets_colours_and_only_if_it_wants_them():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    assert Colours.of_stream(Terminal(), {}).paint("x", 33) == "\x1b[33mx\x1b[0m"
    assert Colours.of_stream(Terminal(), {"NO_COLOR": "1"}).paint("x", 33) == "x"
    assert Colours.of_stream(io.StringIO(), {}).paint("x", 31) == "x"
