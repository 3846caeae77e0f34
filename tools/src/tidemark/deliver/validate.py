"""`make validate TARGET=`: checks that a deployment does what it is for, on AWS and locally."""

import json
import time
from collections.abc import Callable, Iterator
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError

from size_history import items
from tidemark.aws.account import say_where
from tidemark.aws.bucket_checks import ABOUT, bucket_checks
from tidemark.aws.deployment import STACKS, Deployment
from tidemark.aws.refusals import code_of
from tidemark.aws.signing import Api
from tidemark.aws.stacks import WELL
from tidemark.checks import Check, Verdict, failure, ok
from tidemark.errors import CommandError, flat
from tidemark.local.state import DEFAULT
from tidemark.options import Account, Region, State, Target
from tidemark.targets import find_deployment

WINDOW_SECONDS = 3600
TRIES = 3
PAUSE_SECONDS = 2.0
"""Between two tries of a route: a first call may have to start a function and take longer than the gateway waits."""


_Look = tuple[str, str]
"""What a check saw, on one line, and what to do about it: empty if all is well."""


def validate(deployment: Deployment) -> Iterator[Check]:
    """Make every check, in the order in which the data flows, even after one has failed."""
    looks: dict[str, Callable[[Deployment], _Look]] = {
        "stacks": _stacks,
        "data bucket": partial(_bucket, "DataBucketName"),
        "plot bucket": partial(_bucket, "PlotBucketName"),
        "history": _history,
        "plotting API": _plot,
        "plot object": _plot_object,
    }
    if deployment.endpoint is None:  # LocalStack admits unsigned calls
        looks["unsigned call"] = _unsigned
    for about, look in looks.items():
        try:
            seen, fix = look(deployment)
        except (CommandError, BotoCoreError, ClientError) as error:
            seen, fix = flat(error), f"make deploy TARGET={deployment.target}, then repeat"
        yield failure(about, seen, fix) if fix else ok(about, seen)
    yield from _tracked(deployment)


def _tracked(deployment: Deployment) -> Iterator[Check]:
    try:
        client, ledger = deployment.client("dynamodb"), deployment.outputs["LedgerTableName"]
        yield from bucket_checks(client, ledger, deployment.target)
    except (CommandError, BotoCoreError, ClientError) as error:
        yield failure(ABOUT, flat(error), f"make deploy TARGET={deployment.target}, then repeat")


def _stacks(deployment: Deployment) -> _Look:
    target = deployment.target
    there = {stack.name: stack.status for stack in deployment.stacks()}
    if missing := [name for name in map(deployment.stack_name, STACKS) if name not in there]:
        return f"there is no {', '.join(missing)}", f"make deploy TARGET={target}"
    if unwell := [name for name, status in there.items() if status not in WELL]:
        seen = "; ".join(f"{name} is {there[name]}" for name in unwell)
        return seen, f"make recover TARGET={target} STACK={unwell[0]}"
    return ", ".join(there), ""


def _bucket(output: str, deployment: Deployment) -> _Look:
    name = deployment.outputs[output]
    try:
        deployment.client("s3").head_bucket(Bucket=name)
    except ClientError as error:
        return _unseen(f"s3://{name}", error, "make it again, with this name and empty")
    return name, ""


def _history(deployment: Deployment) -> _Look:
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
        fix = f"make reconcile TARGET={deployment.target} takes the baseline"
        return f"it holds no sample of {bucket}", fix
    sample = items.Sample.from_item(newest[0])
    return f"{sample.total_size:,} bytes in {sample.object_cnt:,} objects", ""


def _plot(deployment: Deployment) -> _Look:
    api, body = Api.of(deployment), json.dumps({"window": WINDOW_SECONDS}).encode()
    for left in reversed(range(TRIES)):
        answer = api.call("POST", "plot", body)
        if answer.status < 500 or not left:
            break
        time.sleep(PAUSE_SECONDS)
    seen = f"POST {deployment.outputs['ApiUrl']}plot answers {answer.status}"
    if answer.status == 200:
        return seen, ""
    text = " ".join(answer.body.decode(errors="replace").split())[:200]
    return f"{seen}: {text}", "the plotting function's log says more"


def _plot_object(deployment: Deployment) -> _Look:
    address = f"s3://{deployment.outputs['PlotBucketName']}/plot"
    again = f"make validate TARGET={deployment.target} makes it anew once the plotting API answers"
    try:
        found = deployment.client("s3").head_object(Bucket=deployment.outputs["PlotBucketName"], Key="plot")
    except ClientError as error:
        return _unseen(address, error, again)
    if found["ContentType"] != "image/png" or not found["ContentLength"]:
        return f"{address} is {found['ContentLength']} bytes of {found['ContentType']}", again
    return f"{address}, {found['ContentLength']:,} bytes, of {found['LastModified']:%Y-%m-%dT%H:%M:%SZ}", ""


def _unseen(what: str, error: ClientError, fix: str) -> _Look:
    # S3 answers a HEAD without a body, so its error names nothing.
    if code_of(error) == "404":
        return f"there is no {what}", fix
    return f"{what}: S3 answers {code_of(error)}", "use credentials that may read it"


def _unsigned(deployment: Deployment) -> _Look:
    answer = Api.of(deployment).call("GET", "health", signed=False)
    if answer.status == 403:
        return "is refused (403)", ""
    seen = f"GET {deployment.outputs['ApiUrl']}health without a signature answers {answer.status}"
    return seen, f"make deploy TARGET={deployment.target}: every route has to demand IAM"


def command(
    *, target: Target = "local", state: State = DEFAULT, account: Account = None, region: Region = None
) -> None:
    """Check that a deployment does what it is for."""
    deployment = find_deployment(target, state)
    say_where(deployment, "validate", account=account, region=region)
    failed = 0
    for check in validate(deployment):
        failed += check.verdict is Verdict.FAIL
        print(check, flush=True)
    if failed:
        raise CommandError(f"{failed} checks failed")
