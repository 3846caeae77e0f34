import signal

import pytest

from image_lambda_runtime.container_status import exit_of
from image_lambda_runtime.sandbox import Exit


@pytest.mark.parametrize(
    ("status", "end"),
    [
        (0, Exit(0)),
        (3, Exit(3)),
        (137, Exit(-signal.SIGKILL, "Runtime.OutOfMemory")),
        (139, Exit(-signal.SIGSEGV)),
        (200, Exit(200)),
    ],
)
def test_an_exit_status_says_how_the_container_ended(status, end):
    assert exit_of(status) == end
