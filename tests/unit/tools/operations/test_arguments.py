"""What says which bucket, table or stack is meant: missing or wrong, it is one line with the fix."""

import pytest

from tidemark.deliver import recover
from tidemark.operate import reconcile, restore, track


@pytest.mark.parametrize(
    ("command", "arguments", "line"),
    [
        (track, ["--bucket", ""], "track: BUCKET= is missing: make track TARGET=prod BUCKET=name"),
        (track, ["--bucket", "s3://photos"], "track: BUCKET=s3://photos is no bucket's name: BUCKET=photos"),
        (
            track,
            ["--bucket", "s3://photos/a/b"],
            "track: BUCKET=s3://photos/a/b is no bucket's name: BUCKET=photos",
        ),
        (
            track,
            ["--bucket", "arn:aws:s3:::photos"],
            "track: BUCKET=arn:aws:s3:::photos is no bucket's name: BUCKET=photos",
        ),
        (
            track,
            ["--bucket", "my photos"],
            "track: BUCKET=my photos is no bucket's name: make track TARGET=prod BUCKET=name",
        ),
        (
            reconcile,
            ["--bucket", "s3://photos"],
            "reconcile: BUCKET=s3://photos is no bucket's name: BUCKET=photos",
        ),
        (restore, ["--from", ""], "restore: FROM= is missing: make restore TARGET=prod FROM=table"),
        (
            restore,
            ["--from", "s3://photos"],
            "restore: FROM=s3://photos is no table's name: make restore TARGET=prod FROM=table",
        ),
        (
            recover,
            ["--stack", ""],
            "recover: STACK= is missing: make recover TARGET=prod STACK=Tidemark-prod-LambdaStack",
        ),
    ],
)
def test_what_is_missing_or_wrong_is_named_before_aws_is_asked(aws, capsys, command, arguments, line):
    assert command.main(["--target", "prod", *arguments]) == 1
    assert capsys.readouterr().err == f"{line}\n"
    assert aws.asked == []
