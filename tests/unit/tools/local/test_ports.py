import os
import socket

import pytest

from tidemark import cli
from tidemark.errors import CommandError
from tidemark.local.ports import LOOPBACK, free_port, require_free


@pytest.mark.parametrize("address", [LOOPBACK, "0.0.0.0"])  # noqa: S104 - a listener in the way, for a moment
def test_a_taken_port_is_named_with_its_holder_and_the_way_out(address):
    with socket.create_server((address, 0)) as server:
        port = server.getsockname()[1]

        with pytest.raises(CommandError) as refused:
            require_free(port)

    assert f"port {port} is taken by " in str(refused.value)
    assert f"(pid {os.getpid()})" in str(refused.value)
    assert "PORT=" in str(refused.value)


def test_a_port_whose_last_connection_was_just_closed_is_free():
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection((LOOPBACK, port)):
            accepted, _ = server.accept()
            accepted.close()  # the side that closes first keeps the address for a while

    require_free(port)


def test_a_free_port_can_be_listened_on():
    with socket.create_server((LOOPBACK, free_port())):
        pass


@pytest.mark.parametrize("text", ["0", "65536", "-1", "http", "", "4566.0"])
def test_what_is_no_port_is_refused_in_one_line(text, capsys):
    assert cli.main(["local-up", "--port", text]) == 1
    assert capsys.readouterr().err == f"local-up: a port is a number from 1 to 65535, not '{text}'\n"
