"""S3, DynamoDB, SQS and EventBridge in memory behind real botocore clients: below their retries, signatures and parsers.

A request is answered in the hook that botocore calls before it sends one. There it may also be struck by a fault.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

import boto3
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from size_history.messages import OBJECT_EVENTS
from tests.faults.calls import CallSite, call_site
from tests.faults.tables import QueriedTables
from tests.stateful.faults import Fault, error_of, error_response, raise_unless_answered, response
from tests.stateful.memory import MemoryS3

ENDPOINT = "http://127.0.0.1:9"
QUEUE_URL = f"{ENDPOINT}/queue/tracking"
QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:tracking"
RULE_ARN = "arn:aws:events:us-east-1:000000000000:rule/objects"
UNTIL_STOPPED = 1_000_000
"""A number of requests that no test makes."""


@dataclass
class Strike:
    """A fault that strikes the next `left` requests of a call site. `hits` counts those that it has struck.

    It ends with the tracker's first invocation that it strikes, or if it is `stubborn` with the first dead letter, or if it
    is `lasting` when it is stopped.
    """

    site: CallSite
    fault: Fault
    left: int = UNTIL_STOPPED
    stubborn: bool = False
    lasting: bool = False
    hits: int = 0

    def stop(self) -> None:
        """Strike no more."""
        self.left = 0


@dataclass
class Cloud:
    """What the services hold. `send` takes a message for the tracking queue and its delay in seconds."""

    send: Callable[[str, int], None]
    now: Callable[[], int]
    tables: QueriedTables = field(default_factory=QueriedTables)
    s3: MemoryS3 = field(default_factory=MemoryS3)
    created: dict[str, datetime] = field(default_factory=dict)
    mute: set[str] = field(default_factory=set)
    """Buckets that do not send their events to EventBridge."""
    sealed: set[str] = field(default_factory=set)
    """Keys that HEAD does not show."""
    unlisted: set[str] = field(default_factory=set)
    """Buckets that the account's list of buckets still lacks."""
    written: set[str] = field(default_factory=set)
    """The tokens of the transactions that are written."""
    changed: Callable[[str, str], None] = lambda _bucket, _key: None
    """Called when a client has put or deleted an object."""
    rules: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        pattern = {"source": ["aws.s3"], "detail-type": [*OBJECT_EVENTS]}
        self.rules = [
            {"Name": "objects", "Arn": RULE_ARN, "State": "ENABLED", "EventPattern": json.dumps(pattern)}
        ]

    def make_bucket(self, name: str) -> None:
        """Make a bucket, which is a little younger than the last one."""
        self.s3.buckets[name] = {}
        self.created[name] = datetime.fromtimestamp(self.now() // 1_000_000, UTC)

    def answer(self, service: str, operation: str, request: Any, given: Mapping[str, Any]) -> AWSResponse:
        """Answer a request as the service does."""
        if service == "dynamodb":
            return self._of_tables(operation, request, given)
        if service == "s3":
            return _S3(self, request, given).answer(operation)
        return response(request, 200, json.dumps(getattr(self, f"_{_snake(operation)}")(**given)))

    def _of_tables(self, operation: str, request: Any, given: Mapping[str, Any]) -> AWSResponse:
        asked = dict(given)
        # botocore gives a transaction a token, the same at each attempt, so that it is written once.
        token = asked.pop("ClientRequestToken", None)
        if token in self.written:
            return response(request, 200, "{}")
        try:
            answer = getattr(self.tables, _snake(operation))(**asked)
            self.written |= {token} - {None}
            return response(request, 200, json.dumps(answer))
        except ClientError as error:
            code, name = error.response["Error"]["Code"], "CancellationReasons"
            more = {name: error.response[name]} if name in error.response else {}
            return error_response("dynamodb", operation, code, 400, request, **more)

    def _send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int = 0) -> Any:
        assert QueueUrl == QUEUE_URL
        self.send(MessageBody, DelaySeconds)
        return {"MessageId": "1"}

    def _send_message_batch(self, *, QueueUrl: str, Entries: list[Mapping[str, str]]) -> Any:
        assert QueueUrl == QUEUE_URL
        for entry in Entries:
            self.send(entry["MessageBody"], 0)
        return {
            "Successful": [{"Id": entry["Id"], "MessageId": entry["Id"]} for entry in Entries],
            "Failed": [],
        }

    def _get_queue_attributes(self, *, QueueUrl: str, AttributeNames: list[str]) -> Any:
        admitted = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Condition": {"ArnEquals": {"aws:SourceArn": RULE_ARN}},
        }
        known = {"QueueArn": QUEUE_ARN, "Policy": json.dumps({"Statement": [admitted]})}
        return {"Attributes": {name: known.get(name, "0") for name in AttributeNames}}

    def _list_rule_names_by_target(self, *, TargetArn: str) -> Any:
        assert TargetArn == QUEUE_ARN
        return {"RuleNames": [rule["Name"] for rule in self.rules]}

    def _list_rules(self) -> Any:
        return {"Rules": self.rules}


@dataclass(frozen=True)
class _S3:
    """One request to S3."""

    cloud: Cloud
    request: Any
    given: Mapping[str, Any]

    def answer(self, operation: str) -> AWSResponse:
        """Answer it. A bucket that does not exist is a 404."""
        if operation == "ListBuckets":
            return self._list_buckets()
        if self.given["Bucket"] not in self.cloud.s3.buckets:
            return error_response("s3", operation, "NoSuchBucket", 404, self.request)
        return getattr(self, f"_{_snake(operation)}")()

    @property
    def _objects(self) -> dict[str, Any]:
        return self.cloud.s3.buckets[self.given["Bucket"]]

    def _list_buckets(self) -> AWSResponse:
        buckets = "".join(
            f"<Bucket><Name>{name}</Name><CreationDate>{self.cloud.created[name]:%Y-%m-%dT%H:%M:%S}.000Z</CreationDate></Bucket>"
            for name in self.cloud.s3.buckets
            if name not in self.cloud.unlisted
        )
        return self._xml(f"<ListAllMyBucketsResult><Buckets>{buckets}</Buckets></ListAllMyBucketsResult>")

    def _head_bucket(self) -> AWSResponse:
        return response(self.request, 200, "")

    def _get_bucket_notification_configuration(self) -> AWSResponse:
        on = "" if self.given["Bucket"] in self.cloud.mute else "<EventBridgeConfiguration/>"
        return self._xml(f"<NotificationConfiguration>{on}</NotificationConfiguration>")

    def _head_object(self) -> AWSResponse:
        found = self._objects.get(self.given["Key"])
        if self.given["Key"] in self.cloud.sealed:
            return response(self.request, 403, "")
        if found is None:
            return response(self.request, 404, "")
        modified = f"{found['LastModified']:%a, %d %b %Y %H:%M:%S GMT}"
        headers = {"Content-Length": str(found["Size"]), "ETag": found["ETag"], "Last-Modified": modified}
        return response(self.request, 200, "", headers)

    def _list_objects_v2(self) -> AWSResponse:
        names = ("Bucket", "MaxKeys", "StartAfter", "Prefix")
        page = self.cloud.s3.list_objects_v2(
            **{name: self.given[name] for name in names if name in self.given}
        )
        entries = "".join(
            f"<Contents><Key>{escape(entry['Key'])}</Key><Size>{entry['Size']}</Size><ETag>{entry['ETag']}</ETag>"
            f"<LastModified>{entry['LastModified']:%Y-%m-%dT%H:%M:%S}.000Z</LastModified></Contents>"
            for entry in page["Contents"]
        )
        more = str(page["IsTruncated"]).lower()
        return self._xml(f"<ListBucketResult><IsTruncated>{more}</IsTruncated>{entries}</ListBucketResult>")

    def _put_object(self) -> AWSResponse:
        bucket, key, body = self.given["Bucket"], self.given["Key"], self.given["Body"]
        size = len(body if isinstance(body, bytes) else body.getbuffer())  # botocore wraps what it sends
        self.cloud.s3.put(bucket, key, size, f"e{self.cloud.now()}", self.cloud.now())
        self.cloud.changed(bucket, key)
        return response(self.request, 200, "")

    def _delete_object(self) -> AWSResponse:
        self._objects.pop(self.given["Key"], None)
        self.cloud.changed(self.given["Bucket"], self.given["Key"])
        return response(self.request, 204, "")

    def _xml(self, body: str) -> AWSResponse:
        return response(self.request, 200, body)


class Wires:
    """Answers the requests of clients from a cloud, notes their call sites, and lets a fault strike one of them."""

    def __init__(self) -> None:
        self.cloud: Cloud
        self.seen: list[CallSite] = []
        self.strike: Strike | None = None
        self._given = threading.local()
        self._lock = threading.Lock()

    def struck(self, service: str, operation: str) -> Fault | None:
        """Note a request, and return the fault that strikes it, if any."""
        site = call_site(service, operation)
        with self._lock:
            self.seen.append(site)
            strike = self.strike
            if strike is None or strike.site != site or not strike.left:
                return None
            strike.left -= 1
            strike.hits += 1
            return strike.fault

    def connect(self, client: Any, service: str) -> None:
        """Answer a client's requests."""
        events = client.meta.events
        events.register(f"provide-client-params.{service}", self._note)
        events.register(f"before-send.{service}", lambda **sent: self._before_send(service, **sent))

    def _note(self, params: Mapping[str, Any], **_: Any) -> None:
        self._given.params = params

    def _before_send(self, service: str, *, request: Any, event_name: str, **_: Any) -> AWSResponse:
        operation = event_name.rpartition(".")[2]
        given = self._given.params
        fault = self.struck(service, operation)
        if fault is None:
            return self.cloud.answer(service, operation, request, given)
        raise_unless_answered(fault, lambda: self.cloud.answer(service, operation, request, given))
        return error_response(service, operation, *error_of(service, operation, fault), request)


class Session:
    """A session whose clients are connected to the wires, each made as the function that asks for it configures it."""

    region_name = "us-east-1"

    def __init__(self, wires: Wires) -> None:
        self._wires = wires
        self._session = boto3.session.Session(
            aws_access_key_id="test", aws_secret_access_key="test", region_name=self.region_name
        )

    def client(self, service: str, *, config: Any) -> Any:
        """Return a new client."""
        client = self._session.client(service, endpoint_url=ENDPOINT, config=config)  # type: ignore[call-overload]
        self._wires.connect(client, service)
        return client

    def get_credentials(self) -> Any:
        """Return the credentials that the driver signs with."""
        return self._session.get_credentials()


def _snake(operation: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation).lstrip("_")
