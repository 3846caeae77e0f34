"""Makes the data bucket and both tables with boto3 alone, on AWS or on the local environment, or removes them.

python -m tidemark.laptop.create_resources [--name laptop] [--region us-east-1] [--delete [--with-data]]

For who wants the resources without the CDK. Where they go is what boto3 finds: credentials, AWS_REGION, and
AWS_ENDPOINT_URL for a local endpoint. The names are generated; repeating the command finds what it made before.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

from size_history import tables
from tidemark.errors import CommandError
from tidemark.laptop.bucket import DataBucket
from tidemark.laptop.errors import explained
from tidemark.laptop.names import DEFAULT_NAME, names_of
from tidemark.laptop.table import Table

PROG = "create_resources"
_CONFIG = Config(connect_timeout=10, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 5})
_TITLE_WIDTH = 15


@dataclass(frozen=True)
class Place:
    """Where resources go: an account (12 digits), a region, its ARNs' partition, and clients."""

    session: boto3.session.Session
    account: str
    region: str
    partition: str
    endpoint: str | None

    def __str__(self) -> str:
        where = f" at {self.endpoint}" if self.endpoint else " on AWS"
        return f"account {self.account}, {self.region},{where}"

    def resources(self, name: str) -> "list[DataBucket | Table]":
        """Return the set of resources that a name calls, whether they exist or not."""
        names = names_of(self.account, self.region, name)
        dynamodb = self.session.client("dynamodb", config=_CONFIG)
        bucket = DataBucket(
            self.session.client("s3", config=_CONFIG),
            names.data_bucket,
            account=self.account,
            region=self.region,
            partition=self.partition,
        )
        return [
            bucket,
            Table(dynamodb, "history table", names.history_table, tables.HISTORY),
            Table(dynamodb, "ledger table", names.ledger_table, tables.LEDGER),
        ]


def place(region: str | None, endpoint: str | None) -> Place:
    """Ask who the caller is and where. Raises botocore's errors and CommandError."""
    session = boto3.session.Session(region_name=region or os.environ.get("AWS_REGION"))
    if session.region_name is None:
        raise NoRegionError
    caller = session.client("sts", config=_CONFIG).get_caller_identity()
    partition = caller["Arn"].split(":")[1]
    return Place(session, caller["Account"], session.region_name, partition, endpoint)


def create(resources: "Sequence[DataBucket | Table]") -> int:
    """Make what is missing, and say of each whether it is empty; return 0, or 1 where one is not."""
    held = 0
    for resource in resources:
        state = "created" if resource.create() else "exists"
        content = resource.content()
        held += content is not None
        _say(resource, f"{state}, {'empty' if content is None else f'holds {content} and maybe more'}")
    if held:
        print(
            f"{PROG}: {held} of them not empty: --delete --with-data removes them with what they hold",
            file=sys.stderr,
        )
    return 1 if held else 0


def delete(resources: "Sequence[DataBucket | Table]", *, with_data: bool) -> int:
    """Remove what there is, and nothing where one holds data that was not given up; return 0.

    Raises CommandError naming what is not empty.
    """
    found = [resource for resource in resources if resource.exists()]
    for resource in found:
        content = None if with_data else resource.content()
        if content is not None:
            raise CommandError(
                f"{resource.title} {resource.name} holds {content} and maybe more, so nothing was deleted: "
                "--with-data deletes that too"
            )
    # The tables first: a bucket that cannot be emptied can be tried again.
    for resource in reversed(resources):
        if resource in found:
            resource.delete()
        _say(resource, "deleted" if resource in found else "not there")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 1 after one line on stderr that says what is wrong and what to do."""
    options = _parser().parse_args(arguments)
    endpoint = os.environ.get("AWS_ENDPOINT_URL") or None
    region = options.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    try:
        where = place(options.region, endpoint)
        print(f"{where}:", flush=True)
        resources = where.resources(options.name)
        return delete(resources, with_data=options.with_data) if options.delete else create(resources)
    except CommandError as error:
        message = str(error)
    except (BotoCoreError, ClientError, ValueError) as error:
        message = explained(error, region=region, endpoint=endpoint)
    except KeyboardInterrupt:
        print(f"{PROG}: stopped; repeat the command to finish", file=sys.stderr)
        return 130
    print(f"{PROG}: {message}", file=sys.stderr)
    return 1


def _say(resource: "DataBucket | Table", what: str) -> None:
    print(f"  {resource.title:{_TITLE_WIDTH}}{resource.name}  {what}", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m infra_cdk.{PROG}",
        description="Make the data bucket and both tables with boto3 alone, or remove them.",
    )
    parser.add_argument(
        "--name", default=DEFAULT_NAME, help="tells several sets apart (default: %(default)s)"
    )
    parser.add_argument("--region", help="where (default: AWS_REGION, or what the profile says)")
    parser.add_argument("--delete", action="store_true", help="remove them instead, if they are empty")
    parser.add_argument("--with-data", action="store_true", help="with --delete: whatever they hold")
    return parser


if __name__ == "__main__":
    sys.exit(main())
