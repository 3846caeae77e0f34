"""An argument that names a bucket, a table or a stack: if it is missing or wrong, one line gives the fix."""

import pytest

from tidemark import cli
from tidemark.aws.arguments import bucket_of


@pytest.mark.parametrize(
    ("command", "argument", "line"),
    [
        ("track", ["--bucket", ""], "BUCKET= is missing: make track TARGET=prod BUCKET=name"),
        ("track", [], "BUCKET= is missing: make track TARGET=prod BUCKET=name"),
        ("track", ["--bucket", "s3://photos/a"], "BUCKET=s3://photos/a is no bucket's name: BUCKET=photos"),
        (
            "track",
            ["--bucket", "arn:aws:s3:::photos"],
            "BUCKET=arn:aws:s3:::photos is no bucket's name: BUCKET=photos",
        ),
        (
            "track",
            ["--bucket", "my photos"],
            "BUCKET=my photos is no bucket's name: make track TARGET=prod BUCKET=name",
        ),
        ("untrack", [], "BUCKET= is missing: make untrack TARGET=prod BUCKET=name"),
        ("untrack", ["--bucket", "s3://photos"], "BUCKET=s3://photos is no bucket's name: BUCKET=photos"),
        ("reconcile", ["--bucket", "s3://photos"], "BUCKET=s3://photos is no bucket's name: BUCKET=photos"),
        ("restore", [], "FROM= is missing: make restore TARGET=prod FROM=table"),
        (
            "restore",
            ["--from", "s3://photos"],
            "FROM=s3://photos is no table's name: make restore TARGET=prod FROM=table",
        ),
        ("recover", [], "STACK= is missing: make recover TARGET=prod STACK=Tidemark-prod-LambdaStack"),
    ],
)
def test_what_is_missing_or_wrong_is_named_before_aws_is_asked(aws, refusal, command, argument, line):
    assert refusal(command, "--target", "prod", *argument) == f"{command}: {line}"
    assert aws.requested == []


def test_a_history_is_kept_or_deleted_and_nothing_else(aws, capsys):
    assert cli.main(["untrack", "--target", "prod", "--bucket", "photos", "--history", "gone"]) == 2
    assert "--history" in capsys.readouterr().err
    assert aws.requested == []


def test_a_legacy_name_with_capitals_and_underscores_is_a_buckets_name():
    assert bucket_of("My_Bucket", "example") == "My_Bucket"
