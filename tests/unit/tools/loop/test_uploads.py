import io
import os
from pathlib import Path

from botocore.exceptions import EndpointConnectionError

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


class Bucket:
    """Takes objects as S3 does, but for those whose key holds `refused`."""

    def __init__(self):
        self.objects = {}

    def put_object(self, Bucket, Key, Body):
        if "refused" in Key:
            raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
        assert isinstance(Body, io.BufferedReader)
        self.objects[Key] = Body.read()


def test_every_file_is_uploaded_and_what_fails_is_named(tmp_path):
    for number in range(300):
        (tmp_path / f"{number:03}").write_bytes(b"x" * number)
    (tmp_path / "refused").touch()
    files = list(files_of(tmp_path, LeftOut()))
    (tmp_path / "299").unlink()
    bucket, left_out, heard = Bucket(), LeftOut(), []

    upload(bucket, "data", iter(files), heard.append, left_out)

    assert {key.rpartition("/")[2]: len(body) for key, body in bucket.objects.items()} == {
        f"{number:03}": number for number in range(299)
    }
    assert len(heard) == 301
    assert left_out.count == 2
    assert any("299: No such file or directory" in named for named in left_out.named)
    assert any("refused: Could not connect" in named for named in left_out.named)
