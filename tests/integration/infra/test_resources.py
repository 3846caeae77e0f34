"""`tidemark resources` against LocalStack, beside the stacks that are deployed there."""

import uuid

import pytest

from tidemark import cli
from tidemark.resources import names_of


@pytest.fixture
def run(endpoint, capsys):
    """Return a function that runs the command for a name of the test's own; what it made goes afterwards."""
    name = f"t{uuid.uuid4().hex[:12]}"

    def run(*arguments):
        code = cli.main(["resources", "--name", name, *arguments])
        return code, *capsys.readouterr()

    yield name, run
    run("--delete", "--with-data")


def test_localstack_gets_the_bucket_and_both_tables_and_loses_them_again(run, aws):
    name, command = run
    names = names_of("000000000000", "us-east-1", name)
    s3, dynamodb = aws("s3"), aws("dynamodb")

    made, again = command(), command()
    s3.put_object(Bucket=names.data_bucket, Key="a", Body=b"x")
    refused = command("--delete")
    deleted = command("--delete", "--with-data")

    assert (made[0], made[1].count("created, empty")) == (0, 3)
    assert (again[0], again[1].count("exists, empty")) == (0, 3)
    assert refused[0] == 1
    assert f"{names.data_bucket} holds object 'a'" in refused[2]
    assert (deleted[0], deleted[1].count("  deleted")) == (0, 3)
    assert names.data_bucket not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    assert not {names.history_table, names.ledger_table} & set(dynamodb.list_tables()["TableNames"])
