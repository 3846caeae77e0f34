"""Which buckets can be tracked, and that a bucket that cannot is not touched."""

from types import SimpleNamespace

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


class Rest:
    """Every other service that tracking a bucket talks to."""

    def __init__(self):
        self.full = False
        self.policies = []
        self.rules = []
        self.sent = []

    def get_caller_identity(self):
        return {"Account": ACCOUNT, "Arn": ARN}

    def get_function_configuration(self, FunctionName):
        return {"Role": f"arn:aws:iam::{ACCOUNT}:role/{FunctionName}-role"}

    def put_role_policy(self, PolicyName, **_):
        if self.full:
            raise refused(
                "LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role", "PutRolePolicy"
            )
        self.policies.append(PolicyName)

    def put_rule(self, Name, **_):
        self.rules.append(Name)

    def put_targets(self, **_):
        return {"FailedEntryCount": 0}

    def get_queue_attributes(self, QueueUrl, AttributeNames):
        return {"Attributes": {"QueueArn": QueueUrl}}

    def send_message(self, QueueUrl, MessageBody):
        self.sent.append(MessageBody)

    def get_item(self, **_):
        return {}


@pytest.fixture
def s3():
    return S3(data="eu-central-1", photos="eu-central-1", elsewhere="us-west-2")


@pytest.fixture
def rest():
    return Rest()


@pytest.fixture(autouse=True)
def reconciled(monkeypatch):
    """Return the buckets whose reconcile was watched, in order."""
    found = []
    for module in (tracking, deploying):
        monkeypatch.setattr(module, "reconcile", lambda _, bucket: found.append(bucket))
    return found


@pytest.fixture
def deployment(s3, rest):
    others = dict.fromkeys(("sts", "lambda", "iam", "events", "sqs", "dynamodb"), rest)
    return StoodIn({"s3": s3, **others}, OUTPUTS)


def untouched(s3, rest):
    return not (s3.announcing or rest.policies or rest.rules)


def test_a_bucket_of_this_account_and_region_is_tracked(deployment, s3, rest, reconciled):
    track(deployment, "photos")

    assert s3.announcing == {"photos"}
    assert (len(rest.policies), len(rest.rules)) == (1, 1)
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
    assert untouched(s3, rest)
    assert reconciled == []


def test_a_bucket_whose_notifications_may_not_be_changed_names_what_to_allow(deployment, s3):
    s3.denied = {"photos"}

    with pytest.raises(CommandError, match=r"events of bucket photos .*: allow s3:GetBucketNotification and"):
        track(deployment, "photos")


def test_a_role_without_room_for_another_bucket_is_said_before_the_bucket_is_touched(
    deployment, s3, rest, reconciled
):
    rest.full = True

    assert refusal(deployment, "photos") == (
        "the tracker's role tracker-role has no room for photos: IAM allows 10,240 characters of inline policies, "
        "which about 35 tracked buckets fill; nothing was changed: track it with another target"
    )
    assert untouched(s3, rest)
    assert reconciled == []


def baselines(deployment, *names):
    deployment.outputs["TrackedBuckets"] = ",".join(names)
    return deploying._take_baselines(deployment, changed=True)


@pytest.fixture(autouse=True)
def own_outputs(deployment):
    deployment.__dict__["outputs"] = dict(OUTPUTS)


def test_buckets_that_cannot_be_tracked_keep_no_other_from_its_baseline(
    deployment, s3, rest, reconciled, capsys
):
    s3.foreign, s3.denied = {"theirs"}, {"closed"}
    s3.regions["closed"] = "eu-central-1"

    untracked = baselines(deployment, "theirs", "elsewhere", "closed", "photos", "later")

    names = ("theirs", "elsewhere", "closed")
    assert [f"bucket {name} " in line for name, line in zip(names, untracked, strict=True)] == [True] * 3
    assert reconciled == ["data"]
    assert [body for body in rest.sent if '"photos"' in body] == rest.sent
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
