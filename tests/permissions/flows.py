"""What each function is for, done once, so that it needs every permission that it has; and how its failure shows."""

import uuid
from concurrent.futures import ThreadPoolExecutor

from size_history.messages import ReconcileEveryBucket, ReconcileRequest, WatchEveryBucket
from tests.e2e.environment import Environment

_OF_HEAD = ("(403) when calling the headobject operation",)
OTHER_WORDS = {
    "s3:GetBucketNotification": ("the tracker may not read whether it sends events",),
    "s3:GetObject": _OF_HEAD,
    "s3:ListBucket": _OF_HEAD,  # a HEAD needs it if the object does not exist
}
"""How else the log tells of a refused action, in small letters: the answer to a HEAD has no text."""
ROUTES = ("health", "plot?window=60", "history", "size", "count", "prefixes", "buckets")


def track(environment: Environment) -> None:
    """Change two objects, and ask for a reconcile of the data bucket and of all, and for the watch."""
    s3, sqs = environment.client("s3"), environment.client("sqs")
    key = f"permissions/{uuid.uuid4().hex}"
    s3.put_object(Bucket=environment.data_bucket, Key=key, Body=b"it is tracked")
    s3.put_object(Bucket=environment.data_bucket, Key=f"{key}.gone", Body=b"it goes")
    s3.delete_object(Bucket=environment.data_bucket, Key=f"{key}.gone")
    for message in (ReconcileRequest(environment.data_bucket), ReconcileEveryBucket(), WatchEveryBucket()):
        sqs.send_message(QueueUrl=environment.queue_url, MessageBody=message.to_json())


def plot(environment: Environment) -> None:
    """Draw both kinds of picture, and ask every route."""
    for body in ({}, {"bucket": environment.data_bucket}):
        environment.call("POST", "plot", json=body)
    for route in ROUTES:
        environment.call("GET", route)


def drive(environment: Environment) -> None:
    """Run the demo sequence."""
    environment.client("lambda").invoke(FunctionName=environment.driver_function, Payload=b"{}")


def start_cold(environment: Environment, function: str, calls: int) -> None:
    """Have new execution environments made, each of which makes its log stream; what the calls answer does not matter.

    More calls at the same time than the function has had so far start cold.
    """
    client = environment.client("lambda")
    with ThreadPoolExecutor(calls) as pool:
        list(pool.map(lambda _: client.invoke(FunctionName=function, Payload=b"{}"), range(calls)))


class Log:
    """What a function logs."""

    def __init__(self, environment: Environment, function: str) -> None:
        configuration = environment.client("lambda").get_function_configuration(FunctionName=function)
        self._group = configuration["LoggingConfig"]["LogGroup"]
        self._events = environment.client("logs").get_paginator("filter_log_events")

    def tells_of_refusal(self, action: str, since: int) -> bool:
        """Return whether the function has logged that it may not do this, since an instant (milliseconds since 1970).

        SQS writes the action in small letters.
        """
        texts = [f"not authorized to perform: {action} on".lower(), *OTHER_WORDS.get(action, ())]
        pages = self._events.paginate(logGroupName=self._group, startTime=since)
        messages = (event["message"].lower() for page in pages for event in page["events"])
        return any(text in message for message in messages for text in texts)
