import os
import threading

from image_lambda_runtime.output import Output, OutputPipe


def test_output_is_taken_once():
    output = Output()
    output.write(b"one\n")
    output.write(b"two\n")

    assert (output.take(), output.take()) == ("one\ntwo\n", "")


def test_what_exceeds_the_bounds_is_left_out_in_the_middle_and_counted():
    output = Output(head_bytes=4, tail_bytes=4)
    for number in range(100):
        output.write(f"{number % 10}".encode())

    assert output.take() == "0123\n[92 bytes of output are left out here]\n6789"


def test_a_hundred_megabytes_do_not_stay_in_memory():
    output = Output(head_bytes=1000, tail_bytes=1000)
    for _ in range(1600):
        output.write(b"x" * 65536)
        assert len(output._head) + len(output._tail) <= 1000 + 2000 + 65536

    assert len(output.take()) < 2100


def test_bytes_that_are_no_text_do_no_harm():
    output = Output()
    output.write(b"\xff\n")

    assert output.take() == "\ufffd\n"


def test_draining_moves_what_was_written_before():
    output = Output()
    pipe = OutputPipe(output)
    os.write(pipe.write_end, b"written")

    assert pipe.drain()
    assert output.take() == "written"

    pipe.close_write_end()
    assert not pipe.drain()
    pipe.close()


def test_draining_ends_although_the_writer_does_not():
    pipe = OutputPipe(Output())
    stopped = threading.Event()

    def write_forever():
        while not stopped.is_set():
            os.write(pipe.write_end, b"x" * 65536)

    writer = threading.Thread(target=write_forever)
    writer.start()
    assert pipe.drain()
    stopped.set()
    while writer.is_alive():
        pipe.drain()
    pipe.close_write_end()
    pipe.close()
