"""Which buckets can be tracked, and that a bucket that cannot is not touched."""

import json
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest

from tests.unit.tools.operations.conftest import ACCOUNT, ARN
from tests.unit.tools.operations.stand_ins import StoodIn, refused
from tidemark import cli
from tidemark.aws.deployment import Deployment
from tidemark.deliver import deploy as deploying
from tidemark.errors import CommandError
from tidemark.operate import track as tracking
from tidemark.operate.track import track

OUTPUTS = {
    "DataBucketName": "data",
    "PlotBucketName": "plots",
    "LedgerTableName": "ledger",
    "QueueUrl": "queue",
    "RuleDlqUrl": "undelivered",
    "SizeTrackingFunctionName": "tracker",
}


class S3:
    """Buckets by name, each with its region; whose they are; what may not be called."""

    meta = SimpleNamespace(region_name="eu-central-1")

    def __init__(self, **regions):
        self.regions = {name.replace("_", "-"): region for name, region in regions.items()}
        self.foreign = set()
        self.denied = set()
        self.announcing = set()

    def head_bucket(self, Bucket, ExpectedBucketOwner):
        assert ExpectedBucketOwner == ACCOUNT
        if Bucket in self.foreign:
            raise refused("403", "Forbidden", "HeadBucket")
        if Bucket not in self.regions:
            raise refused("404", "Not Found", "HeadBucket")
        return {"BucketRegion": self.regions[Bucket]}

    def get_bucket_notification_configuration(self, Bucket):
        if Bucket in self.denied or Bucket in self.foreign:
            raise refused("AccessDenied", "Access Denied", "GetBucketNotificationConfiguration")
        return {"ResponseMetadata": {}}

    def put_bucket_notification_configuration(self, Bucket, **_):
        self.announcing.add(Bucket)


@pytest.fixture
def s3():
    return S3(data="eu-central-1", photos="eu-central-1", elsewhere="us-west-2")


@pytest.fixture
def rest():
    """Return a stand-in of every other service that tracking a bucket talks to."""
    made = MagicMock()
    made.get_caller_identity.return_value = {"Account": ACCOUNT, "Arn": ARN}
    made.get_function_configuration.return_value = {"Role": f"arn:aws:iam::{ACCOUNT}:role/tracker-role"}
    made.put_targets.return_value = {"FailedEntryCount": 0}
    made.get_queue_attributes.return_value = {"Attributes": {"QueueArn": "arn"}}
    made.get_item.return_value = {}
    return made


@pytest.fixture(autouse=True)
def reconciled(monkeypatch):
    """Return the buckets whose reconcile was watched, in order."""
    found = []
    for module in (tracking, deploying):
        monkeypatch.setattr(module, "reconcile", lambda _, bucket: found.append(bucket))
    return found


@pytest.fixture
def deployment(s3, rest):
    others = dict.fromkeys(("sts", "lambda", "iam", "events", "sqs", "dynamodb", "cloudformation"), rest)
    return StoodIn({"s3": s3, **others}, dict(OUTPUTS))


def test_a_bucket_of_this_account_and_region_is_tracked(deployment, s3, rest, reconciled):
    track(deployment, "photos")

    assert s3.announcing == {"photos"}
    rest.put_role_policy.assert_called_once()
    rest.put_rule.assert_called_once()
    assert reconciled == ["photos"]


def refusal(deployment, bucket):
    """Return what is said of a bucket that is not tracked."""
    with pytest.raises(CommandError) as caught:
        track(deployment, bucket)
    return str(caught.value)


@pytest.mark.parametrize(
    ("bucket", "line"),
    [
        (
            "elsewhere",
            (
                "bucket elsewhere is in us-west-2, and its events stay there; this deployment is in eu-central-1: "
                "make deploy TARGET=prod AWS_REGION=us-west-2, then track it there"
            ),
        ),
        (
            "theirs",
            (
                "bucket theirs belongs to another account, or these credentials may not list it: deploy to that "
                "account, as its events do not come here, or allow s3:ListBucket"
            ),
        ),
        ("nowhere", "there is no bucket nowhere here"),
    ],
)
def test_a_bucket_whose_events_never_arrive_is_refused(deployment, s3, rest, reconciled, bucket, line):
    s3.foreign = {"theirs"}

    assert refusal(deployment, bucket) == line
    rest.put_role_policy.assert_not_called()
    rest.put_rule.assert_not_called()
    assert (s3.announcing, reconciled) == (set(), [])


def test_a_bucket_whose_notifications_may_not_be_changed_names_what_to_allow(deployment, s3):
    s3.denied = {"photos"}

    with pytest.raises(CommandError, match=r"events of bucket photos .*: allow s3:GetBucketNotification and"):
        track(deployment, "photos")


def test_a_role_without_room_for_another_bucket_is_said_before_the_bucket_is_touched(
    deployment, s3, rest, reconciled
):
    rest.put_role_policy.side_effect = refused("LimitExceeded", "Maximum policy size of 10240 bytes exceeded")

    assert refusal(deployment, "photos") == (
        "the tracker's role tracker-role has no room for photos: IAM allows 10,240 characters of inline policies, "
        "which about 30 tracked buckets fill; nothing was changed: track it with another target"
    )
    rest.put_rule.assert_not_called()
    assert (s3.announcing, reconciled) == (set(), [])


def test_a_bucket_is_made_tracked_before_it_is_changed_and_after_nothing_else_can_refuse(
    deployment, s3, rest
):
    rest.put_targets.return_value = {"FailedEntryCount": 1, "FailedEntries": ["no"]}

    assert refusal(deployment, "photos").endswith("did not take its target: ['no']")
    rest.put_item.assert_not_called()
    assert s3.announcing == set()


@pytest.mark.parametrize(
    ("endpoint", "refused_", "announcing"),
    [
        pytest.param(None, ["theirs", "elsewhere"], set(), id="on AWS the stack has turned on the events"),
        pytest.param("http://local", ["theirs", "elsewhere", "closed"], {"data", "photos"}, id="locally"),
    ],
)
def test_buckets_that_cannot_be_tracked_keep_no_other_from_its_baseline(
    s3, rest, deployment, reconciled, capsys, endpoint, refused_, announcing
):
    s3.foreign, s3.denied = {"theirs"}, {"closed"}
    s3.regions["closed"] = "eu-central-1"
    deployment.outputs["TrackedBuckets"] = "theirs,elsewhere,closed,photos,later"
    here = StoodIn(deployment.__dict__["clients"], deployment.outputs, endpoint=endpoint)

    untracked = deploying._take_baselines(here, changed=True)

    assert [line.partition(":")[0] for line in untracked] == refused_
    assert reconciled == ["data"]
    tracked = [name for name in ("closed", "photos") if name not in refused_]
    requested = [
        json.loads(call.kwargs["MessageBody"])["bucket"] for call in rest.send_message.call_args_list
    ]
    assert requested == tracked
    written = [call.kwargs["Item"]["sk"]["S"] for call in rest.put_item.call_args_list]
    assert [name for name in written if name.removeprefix("bucket/") not in refused_] == [
        f"bucket/{name}" for name in ("data", *tracked)
    ]
    assert s3.announcing == announcing
    assert "there is no bucket later here: make track TARGET=prod BUCKET=later once there is\n" in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("untracked", "code", "last_word"),
    [
        ([], 0, ""),
        (
            ["bucket theirs is another's"],
            1,
            "all is deployed, but not all is tracked: bucket theirs is another's",
        ),
    ],
)
def test_a_deployment_that_leaves_a_bucket_untracked_fails_with_its_name_as_its_last_word(
    aws, monkeypatch, capsys, untracked, code, last_word
):
    aws.parameters["/cdk-bootstrap/hnb659fds/version"] = "30"
    monkeypatch.setattr(deploying, "deploy", lambda *_: untracked)
    monkeypatch.setattr(Deployment, "outputs", {"ApiUrl": "https://api"})

    assert cli.main(["deploy", "--target", "prod", "--account", ACCOUNT, "--region", "eu-central-1"]) == code

    said = capsys.readouterr()
    assert "  ApiUrl  https://api\n" in said.out
    assert said.err == (f"deploy: {last_word}\n" if last_word else "")
