"""`make demo` with a directory of one's own, on an environment that is up."""

import io
import re

import pytest
from PIL import Image

from tests.integration.local.test_no_environment import make
from tidemark.aws.emulator import client

pytestmark = pytest.mark.long


@pytest.fixture
def photos(tmp_path):
    directory = tmp_path / "photos"
    (directory / "2026").mkdir(parents=True)
    for number in range(30):
        (directory / "2026" / f"{number} ü %41+.jpg").write_bytes(b"x" * 1000 * number)
    return directory


def weights(done):
    return [
        tuple(int(part.replace(",", "")) for part in found)
        for found in re.findall(r"(?:before|after) +([\d,]+) B in ([\d,]+) objects", done.stdout)
    ]


def test_the_tracked_size_grows_by_the_directory_once_and_the_plot_is_saved(shared, photos):
    shared.run("reset")

    done, again = (shared.run("demo", "--directory", str(photos)) for _ in range(2))

    assert done.returncode == again.returncode == 0, done.stderr + again.stderr
    assert weights(done) == [(0, 0), (435_000, 30)]
    assert weights(again) == [(435_000, 30), (435_000, 30)]
    assert f"dashboard  {shared.state.environment().variables['TIDEMARK_API_URL']}" in done.stdout
    picture = (shared.state.root / "demo.png").read_bytes()
    assert Image.open(io.BytesIO(picture)).format == "PNG"
    assert "uploaded" in done.stderr


def test_a_file_that_s3_cannot_take_is_named_and_the_others_are_uploaded(shared, photos):
    shared.run("reset")
    deep = photos.joinpath(*(["d" * 200] * 6))
    deep.mkdir(parents=True)
    (deep / "file").touch()

    done = shared.run("demo", "--directory", str(photos))

    assert done.returncode == 1
    assert weights(done) == [(0, 0), (435_000, 30)]
    assert "its key is longer than 1,024 bytes" in done.stderr
    assert done.stderr.endswith("demo: 1 file was not uploaded\n")


def test_an_environment_that_is_up_but_ill_is_used_as_it_is(shared, photos):
    environment = shared.state.environment()
    sqs, url = client("sqs", environment.endpoint), environment.variables["TIDEMARK_DLQ_URL"]
    shared.run("reset")
    sqs.send_message(QueueUrl=url, MessageBody="nobody can read this")

    try:
        done = make("-s", "demo", f"DIR={photos}", f"STATE={shared.state.root}")
    finally:
        sqs.purge_queue(QueueUrl=url)

    assert done.returncode == 0, done.stderr
    assert weights(done) == [(0, 0), (435_000, 30)]
    assert "local-up" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("directory", "complaint"),
    [
        ("", "demo: which directory? make demo DIR="),
        ("/nonexistent", "demo: DIR=/nonexistent is no directory"),
        ("README.md", "demo: DIR=README.md is no directory"),
        ("{empty}", "holds no file that can be uploaded"),
    ],
)
def test_what_holds_nothing_to_upload_is_refused_in_one_line(shared, directory, complaint, tmp_path):
    done = shared.run("demo", "--directory", directory.format(empty=tmp_path))

    assert done.returncode == 1
    assert complaint in done.stderr
    assert len(done.stderr.splitlines()) == 1
