"""`make validate TARGET=`: whether a deployment does what it is for, check by check, on AWS and locally."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError

from size_history import items
from tidemark.aws.account import caller_of, verify
from tidemark.aws.arguments import add_place
from tidemark.aws.deployment import STACKS, Deployment, operate, parser
from tidemark.aws.refusals import flat
from tidemark.aws.signing import Answer, call
from tidemark.aws.stacks import WELL, prefix, stacks_of
from tidemark.errors import CommandError

WINDOW_SECONDS = 3600
TRIES = 3
PAUSE_SECONDS = 2.0
"""Between two tries of a route: a first call may find no execution environment and take longer than the gateway waits."""

Check = Callable[[Deployment], str]
"""Returns what was seen. Raises NotMetError, saying what was seen instead."""


class NotMetError(Exception):
    """A check failed; the message says what was seen, on one line."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one check came to."""

    title: str
    text: str
    met: bool


def validate(deployment: Deployment) -> list[Result]:
    """Make every check, whatever the others came to."""
    return [_result(deployment, title, check) for title, check in checks(deployment)]


def checks(deployment: Deployment) -> list[tuple[str, Check]]:
    """Return the checks of a deployment by title, in the order in which the data flows."""
    found: list[tuple[str, Check]] = [
        ("stacks", _stacks),
        ("data bucket", partial(_bucket, "DataBucketName")),
        ("plot bucket", partial(_bucket, "PlotBucketName")),
        ("history", _history),
        ("plotting API", _plot),
        ("plot object", _plot_object),
    ]
    if deployment.endpoint is None:  # LocalStack lets everybody in
        found.append(("unsigned call", _unsigned))
    return found


def _stacks(deployment: Deployment) -> str:
    there = {stack.name: stack.status for stack in stacks_of(deployment)}
    missing = [name for name in (prefix(deployment.target) + stack for stack in STACKS) if name not in there]
    if missing:
        raise NotMetError(f"there is no {', '.join(missing)}")
    unwell = [f"{name} is {status}" for name, status in there.items() if status not in WELL]
    if unwell:
        raise NotMetError("; ".join(unwell))
    return ", ".join(there)


def _bucket(output: str, deployment: Deployment) -> str:
    name = deployment.outputs[output]
    with _there(f"s3://{name}"):
        deployment.client("s3").head_bucket(Bucket=name)
    return name


def _history(deployment: Deployment) -> str:
    bucket = deployment.outputs["DataBucketName"]
    newest = deployment.client("dynamodb").query(
        TableName=deployment.outputs["HistoryTableName"],
        KeyConditionExpression="bucket_name = :bucket",
        ExpressionAttributeValues={":bucket": items.text(bucket)},
        ScanIndexForward=False,
        Limit=1,
        ConsistentRead=True,
    )["Items"]
    if not newest:
        raise NotMetError(f"it holds no sample of {bucket}: make reconcile takes the baseline")
    sample = items.Sample.from_item(newest[0])
    return f"{sample.total_size:,} bytes in {sample.object_cnt:,} objects"


def _plot(deployment: Deployment) -> str:
    body = json.dumps({"window": WINDOW_SECONDS}).encode()
    for left in reversed(range(TRIES)):
        answer = call(deployment, "POST", "plot", body)
        if answer.status < 500 or not left:
            break
        time.sleep(PAUSE_SECONDS)
    if answer.status != 200:
        raise NotMetError(f"POST {deployment.outputs['ApiUrl']}plot answers {_said(answer)}")
    return f"POST {deployment.outputs['ApiUrl']}plot answers 200"


def _said(answer: Answer) -> str:
    return f"{answer.status}: {' '.join(answer.body.decode(errors='replace').split())[:200]}"


def _plot_object(deployment: Deployment) -> str:
    bucket = deployment.outputs["PlotBucketName"]
    with _there(f"s3://{bucket}/plot"):
        found = deployment.client("s3").head_object(Bucket=bucket, Key="plot")
    if found["ContentType"] != "image/png" or not found["ContentLength"]:
        raise NotMetError(f"s3://{bucket}/plot is {found['ContentLength']} bytes of {found['ContentType']}")
    return (
        f"s3://{bucket}/plot, {found['ContentLength']:,} bytes, of {found['LastModified']:%Y-%m-%dT%H:%M:%SZ}"
    )


@contextmanager
def _there(what: str) -> Iterator[None]:
    # S3 answers a HEAD without a body, so its error names nothing.
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise NotMetError(f"there is no {what}" if code == "404" else f"{what}: S3 answers {code}") from error


def _unsigned(deployment: Deployment) -> str:
    answer = call(deployment, "GET", "health", signed=False)
    if answer.status != 403:
        raise NotMetError(
            f"GET {deployment.outputs['ApiUrl']}health without a signature answers {answer.status}"
        )
    return "is refused (403)"


def _result(deployment: Deployment, title: str, check: Check) -> Result:
    try:
        return Result(title, check(deployment), met=True)
    except (NotMetError, CommandError, BotoCoreError, ClientError) as error:
        return Result(title, flat(error), met=False)
    except KeyError as error:
        return Result(title, f"the stacks have no output {error}", met=False)


def _operation(deployment: Deployment, options: argparse.Namespace) -> None:
    caller = caller_of(deployment)
    where = f"account {caller.account}, region {caller.region}"
    print(f"validate target {deployment.target}: {where}", flush=True)
    verify(caller, account=options.account, region=options.region)
    failed = 0
    for result in validate(deployment):
        failed += not result.met
        print(f"  {'ok    ' if result.met else 'FAILED'}  {result.title:<13}  {result.text}", flush=True)
    if failed:
        raise CommandError(f"{failed} checks failed")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    made = parser("validate", "Check whether a deployment does what it is for.")
    add_place(made)
    return operate(made, arguments, _operation)


if __name__ == "__main__":
    sys.exit(main())
