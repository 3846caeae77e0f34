"""What the probes are made of: queues, rules, stacks, sessions of roles, an API."""

import json
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError
from botocore.session import Session

ACCOUNT = "000000000000"
PATIENCE_SECONDS = 6
"""How long a thing may take to happen. It is also how long a probe waits for what an emulator does not do."""


@dataclass(frozen=True)
class Emulator:
    """An emulator that answers at a URL. `client` returns a client of a service, `functions` deploys image functions."""

    url: str
    region: str
    client: Callable[[str], Any]
    functions: Any


def happens(condition):
    """Return whether the condition becomes true in time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return bool(found)


def refused(call, **arguments):
    """Return whether the call is refused."""
    try:
        call(**arguments)
    except ClientError:
        return True
    return False


def new_name():
    return f"probe-{uuid.uuid4().hex[:12]}"


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def allow(action, resource, **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def admitting(service, resource):
    """Return a queue's policy that lets a service send to it."""
    return policy(allow("sqs:SendMessage", resource, Principal={"Service": service}))


class Stack:
    """A stack with these resources."""

    def __init__(self, it, resources):
        self.client = it.client("cloudformation")
        self.name = new_name()
        self.client.create_stack(StackName=self.name, TemplateBody=json.dumps({"Resources": resources}))
        self.status = self._settled()

    def update(self, resources):
        self.client.update_stack(StackName=self.name, TemplateBody=json.dumps({"Resources": resources}))
        self.status = self._settled()

    def delete(self):
        self.client.delete_stack(StackName=self.name)
        self.status = self._settled()

    def physical(self, logical):
        answer = self.client.describe_stack_resource(StackName=self.name, LogicalResourceId=logical)
        return answer["StackResourceDetail"]["PhysicalResourceId"]

    def _settled(self):
        happens(lambda: not self._found().endswith("_IN_PROGRESS"))
        return self._found()

    def _found(self):
        with suppress(ClientError):
            return self.client.describe_stacks(StackName=self.name)["Stacks"][0]["StackStatus"]
        return "DELETE_COMPLETE"


def make_stack(it, resources):
    """Return a stack, or None if its template is refused or one of its resources fails."""
    with suppress(ClientError):
        stack = Stack(it, resources)
        return stack if stack.status == "CREATE_COMPLETE" else None
    return None


def make_bucket(it):
    name = new_name()
    elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": it.region}}
    it.client("s3").create_bucket(Bucket=name, **({} if it.region == "us-east-1" else elsewhere))
    return name


def make_queue(it, **attributes):
    """Create a queue and return its URL and its ARN."""
    url = it.client("sqs").create_queue(QueueName=new_name(), Attributes=attributes)["QueueUrl"]
    return url, attribute(it, url, "QueueArn")


def attribute(it, url, name):
    return it.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name]


def received(it, url):
    """Return the bodies of messages of a queue."""
    return [message["Body"] for message in it.client("sqs").receive_message(QueueUrl=url).get("Messages", [])]


def make_rule(it, target, state="ENABLED"):
    """Create a rule for events whose source is its name; return the name."""
    name, events = new_name(), it.client("events")
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}), State=state)
    events.put_targets(Rule=name, Targets=[{"Id": "target", **target}])
    return name


def put_event(it, source):
    it.client("events").put_events(Entries=[{"Source": source, "DetailType": "probe", "Detail": "{}"}])


def make_role(it, *statements):
    """Make a role that may do this, for functions and for us; return its ARN."""
    iam, name = it.client("iam"), new_name()
    principals = {"AWS": f"arn:aws:iam::{ACCOUNT}:root", "Service": "lambda.amazonaws.com"}
    trust = policy({"Effect": "Allow", "Principal": principals, "Action": "sts:AssumeRole"})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="policy", PolicyDocument=policy(*statements))
    return arn


def make_function(it, source, *statements, **settings):
    """Make a function of an image with this source, whose role may do this; return its ARN."""
    name = it.functions.create(it.functions.image(source), Role=make_role(it, *statements), **settings)
    return it.functions.configuration(name)["FunctionArn"]


def session_client(it, service, *statements, secret=None):
    """Return a client with a session of a role that may do this; `secret` replaces the session's own."""
    role = make_role(it, *statements)
    given = it.client("sts").assume_role(RoleArn=role, RoleSessionName="probe")["Credentials"]
    session = Session()
    session.set_credentials(given["AccessKeyId"], secret or given["SecretAccessKey"], given["SessionToken"])
    return session.create_client(service, it.region, endpoint_url=it.url)


class Api:
    """A REST API with one method, at `url`."""

    def __init__(self, it, method, **integration):
        self._it, self._method = it, method
        self._gateway = gateway = it.client("apigateway")
        self._rest = gateway.create_rest_api(name=new_name())["id"]
        self.url = f"{it.url}/_aws/execute-api/{self._rest}/v1/"
        (root,) = gateway.get_resources(restApiId=self._rest)["items"]
        place = {"restApiId": self._rest, "resourceId": root["id"], "httpMethod": method}
        gateway.put_method(**place, authorizationType="AWS_IAM")
        gateway.put_integration(**place, **integration)
        if integration["type"] == "MOCK":
            gateway.put_method_response(**place, statusCode="200")
            gateway.put_integration_response(**place, statusCode="200")
        header = {"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"}
        gateway.put_gateway_response(
            restApiId=self._rest, responseType="DEFAULT_4XX", responseParameters=header
        )
        gateway.create_deployment(restApiId=self._rest, stageName="v1")

    def call(self, path="", *, signed=True, **request):
        auth = self._sign if signed else None
        return requests.request(self._method, self.url + path, auth=auth, timeout=20, **request)

    def _sign(self, request):
        session = Session()
        session.set_credentials("test", "test")
        prepared = AWSRequest(request.method, request.url, data=request.body)
        SigV4Auth(session.get_credentials(), "execute-api", self._it.region).add_auth(prepared)
        request.headers.update(dict(prepared.headers.items()))
        return request


def mock_api(it):
    return Api(it, "GET", type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
