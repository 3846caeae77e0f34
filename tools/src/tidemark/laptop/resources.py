"""`tidemark resources`: makes the data bucket and both tables with boto3 alone, or removes them.

The resources go where boto3's own settings lead: credentials, AWS_REGION, and AWS_ENDPOINT_URL for a local endpoint.
"""

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import boto3
import typer
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from size_history import tables
from tidemark.aws.refusals import explained
from tidemark.aws.session import session_of_caller
from tidemark.errors import CommandError
from tidemark.laptop.bucket import DataBucket
from tidemark.laptop.names import DEFAULT_NAME, names_of
from tidemark.laptop.table import Table

_CONFIG = Config(connect_timeout=10, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 5})


def resources_of(session: boto3.Session, name: str) -> "list[DataBucket | Table]":
    """Return the resources of the set `name`, whether they exist or not, and print where they are.

    Raises botocore's errors, and ValueError for an endpoint that is no URL.
    """
    region, endpoint = session.region_name, os.environ.get("AWS_ENDPOINT_URL")
    caller = session.client("sts", config=_CONFIG).get_caller_identity()
    print(f"account {caller['Account']}, {region}, {f'at {endpoint}' if endpoint else 'on AWS'}:", flush=True)
    names = names_of(caller["Account"], region, name)
    bucket = DataBucket(
        session.client("s3", config=_CONFIG),
        names.data_bucket,
        account=caller["Account"],
        region=region,
        partition=caller["Arn"].split(":")[1],
    )
    dynamodb = session.client("dynamodb", config=_CONFIG)
    return [
        bucket,
        Table(dynamodb, "history table", names.history_table, tables.HISTORY),
        Table(dynamodb, "ledger table", names.ledger_table, tables.LEDGER),
    ]


def create(resources: "Sequence[DataBucket | Table]") -> int:
    """Make the missing ones, and print for each whether it is empty; return 0, or 1 if one is not."""
    held = 0
    for resource in resources:
        state = "created" if resource.create() else "exists"
        content = resource.content()
        held += content is not None
        _say(resource, f"{state}, {'empty' if content is None else f'holds {content} and maybe more'}")
    if held:
        print(
            f"resources: {held} of them not empty: --delete --with-data removes them with what they hold",
            file=sys.stderr,
        )
    return 1 if held else 0


def delete(resources: "Sequence[DataBucket | Table]", *, with_data: bool) -> int:
    """Remove the resources that exist; return 0.

    Raises CommandError, and removes nothing, if one of them is not empty and `with_data` is false.
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


def _say(resource: "DataBucket | Table", what: str) -> None:
    print(f"  {resource.title:<15}{resource.name}  {what}", flush=True)


def command(
    *,
    name: Annotated[str, typer.Option(help="Tells several sets apart.")] = DEFAULT_NAME,
    region: Annotated[
        str | None, typer.Option(help="Where they go (default: AWS_REGION, or the profile's region).")
    ] = None,
    remove: Annotated[bool, typer.Option("--delete", help="Remove them instead, if they are empty.")] = False,
    with_data: Annotated[
        bool, typer.Option("--with-data", help="With --delete: also if they are not empty.")
    ] = False,
) -> int:
    """Make the data bucket and both tables with boto3 alone, or remove them; a repeated run finds them."""
    try:
        resources = resources_of(session_of_caller(region), name)
        return delete(resources, with_data=with_data) if remove else create(resources)
    except NoCredentialsError as error:
        raise CommandError(
            f'{explained(error, region)}; for the local environment run: eval "$(make -s env)"'
        ) from error
    except (BotoCoreError, ClientError) as error:
        raise CommandError(explained(error, region)) from error
    except ValueError as error:  # an endpoint that is no URL
        raise CommandError(str(error)) from error
