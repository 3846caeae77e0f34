import os
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from tests.servers import SilentHandler, serving
from tidemark.aws.emulator import client
from tidemark.loop.uploads import LeftOut, files_of, upload


def keys_of(directory, left_out=None):
    return [file.key for file in files_of(directory, left_out or LeftOut())]


def test_files_become_keys_below_the_directory_s_name(tmp_path):
    photos = tmp_path / "photos"
    (photos / "2026" / "may").mkdir(parents=True)
    (photos / "2026" / "may" / "ü %41+b.jpg").write_bytes(b"12345")
    (photos / "empty").touch()
    (photos / ".hidden").write_bytes(b"1")

    files = list(files_of(photos, LeftOut()))

    assert [(file.key, file.size) for file in files] == [
        ("photos/.hidden", 1),
        ("photos/empty", 0),
        ("photos/2026/may/ü %41+b.jpg", 5),
    ]


def test_links_and_what_is_no_file_are_not_uploaded(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "file")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe")

    assert keys_of(tmp_path) == [f"{tmp_path.name}/file"]


def test_a_key_that_s3_does_not_take_is_left_out_by_name(tmp_path):
    deep = tmp_path.joinpath(*(["d" * 200] * 6))
    deep.mkdir(parents=True)
    (deep / "file").touch()
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/latin-\xfc")).touch()
    (tmp_path / "good").touch()
    left_out = LeftOut()

    assert keys_of(tmp_path, left_out) == [f"{tmp_path.name}/good"]
    assert left_out.count == 2
    reasons = sorted(named.rpartition(": ")[2] for named in left_out.named)
    assert reasons == ["its key is longer than 1,024 bytes", "its name is not UTF-8"]


class Bucket(SilentHandler):
    """Takes objects as S3 does, also in parts, but refuses those whose key holds `refused`."""

    protocol_version = "HTTP/1.1"  # answers `Expect: 100-continue`, for which a client waits a second

    def do_PUT(self):
        path, _, query = self.path.partition("?")
        part = int(parse_qs(query).get("partNumber", ["0"])[0])
        self.server.objects.setdefault(path.removeprefix("/data/"), {})[part] = len(self.body())
        self.send_response(403 if "refused" in path else 200)
        self.send_header("ETag", '"1"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self):
        self.body()
        self.answer(200, b"<Upload><UploadId>1</UploadId></Upload>", "application/xml")


@pytest.fixture
def bucket():
    with serving(Bucket) as server:
        server.objects = {}
        yield server


def upload_to(bucket, directory, files, left_out):
    heard = []
    s3 = client("s3", bucket.url)
    upload(s3, "data", iter(files), heard.append, left_out)
    return {
        key.removeprefix(f"{directory.name}/"): sum(parts.values()) for key, parts in bucket.objects.items()
    }, heard


def test_every_file_is_uploaded_and_what_fails_is_named(bucket, tmp_path):
    for number in range(300):
        (tmp_path / f"{number:03}").write_bytes(b"x" * number)
    (tmp_path / "refused").touch()
    files = list(files_of(tmp_path, LeftOut()))
    (tmp_path / "299").unlink()
    left_out = LeftOut()

    objects, heard = upload_to(bucket, tmp_path, files, left_out)

    objects.pop("refused")
    assert objects == {f"{number:03}": number for number in range(299)}
    assert len(heard) == 301
    assert left_out.count == 2
    assert any("299: No such file or directory" in named for named in left_out.named)
    assert any("refused: An error occurred (403)" in named for named in left_out.named)


def test_a_large_file_is_uploaded_in_parts_so_that_no_request_reaches_s3_s_limit(bucket, tmp_path):
    size = 20 * 1024 * 1024
    with (tmp_path / "large").open("wb") as file:
        file.truncate(size)

    objects, _ = upload_to(bucket, tmp_path, files_of(tmp_path, LeftOut()), LeftOut())

    assert objects == {"large": size}
    assert len(bucket.objects[f"{tmp_path.name}/large"]) == 3
