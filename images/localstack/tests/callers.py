"""Roles with policies, clients of their sessions, and what LocalStack says that they needed."""

import json
from contextlib import contextmanager

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

from harness import REGION, SECONDS

ACCOUNT = "000000000000"
TRUST = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    },
}


def allow(actions, resources, effect="Allow", **more):
    return {"Effect": effect, "Action": actions, "Resource": resources, **more}


class Caller:
    """A role with one inline policy, and clients of a session of it."""

    def __init__(self, localstack, name, *statements):
        self.localstack = localstack
        self.name = name
        self.iam = localstack.client("iam")
        role = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
        self.arn = role["Role"]["Arn"]
        self.may(*statements)
        sts = localstack.client("sts")
        answer = sts.assume_role(RoleArn=self.arn, RoleSessionName="session")["Credentials"]
        self.credentials = answer
        self.session = boto3.Session(
            aws_access_key_id=answer["AccessKeyId"],
            aws_secret_access_key=answer["SecretAccessKey"],
            aws_session_token=answer["SessionToken"],
            region_name=REGION,
        )
        self.session_arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/session"

    def may(self, *statements):
        """Replace the policy."""
        document = {"Version": "2012-10-17", "Statement": statements}
        if statements:
            self.iam.put_role_policy(
                RoleName=self.name, PolicyName="policy", PolicyDocument=json.dumps(document)
            )
        elif self.iam.list_role_policies(RoleName=self.name)["PolicyNames"]:
            self.iam.delete_role_policy(RoleName=self.name, PolicyName="policy")

    def client(self, service, **options):
        config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
        return self.session.client(service, endpoint_url=self.localstack.url, config=config, **options)


@contextmanager
def refused(code, *, status, message=None):
    """Expect an error with this code and HTTP status, and this message if one is given."""
    with pytest.raises(ClientError) as caught:
        yield
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    if message is not None:
        assert answer["Error"]["Message"] == message


def not_allowed(caller, action, resource):
    """Return AWS's message about what no policy allows."""
    return (
        f"User: {caller.session_arn} is not authorized to perform: {action} on resource: {resource} "
        f"because no identity-based policy allows the {action} action"
    )


def report_url(localstack):
    return f"{localstack.url}/_localstack/image-lambda/permissions"


def usage(localstack, role):
    """Return how often each action and resource was allowed and refused to a role (its ARN)."""
    rows = requests.get(report_url(localstack), timeout=SECONDS).json()["roles"].get(role, [])
    return {(row["action"], row["resource"]): (row["allowed"], row["refused"]) for row in rows}
