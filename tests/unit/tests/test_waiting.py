import sys
from subprocess import PIPE, Popen

import pytest

from tests.waiting import until, until_it_answers


def test_the_first_true_result_is_returned():
    results = iter([None, 0, "found"])

    assert until(lambda: next(results), "something is found", pause=0) == "found"


def test_after_the_time_the_error_says_what_did_not_happen():
    with pytest.raises(AssertionError, match=r"^after 0\.01 s still not: it rains$"):
        until(lambda: False, lambda: "it rains", seconds=0.01, pause=0)


def test_a_process_that_ends_before_it_answers_is_explained_by_its_log(tmp_path):
    log = tmp_path / "log"
    log.write_text("no port is free\n")
    with Popen([sys.executable, "-c", "input()"], stdin=PIPE) as process:
        assert until_it_answers(process, lambda: True, what="it", log=log) is None
        process.kill()
        process.wait()

        assert until_it_answers(process, lambda: False, what="it", log=log) == (
            "it did not start; its log ends:\nno port is free"
        )
