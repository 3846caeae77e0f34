"""S3 events pass through EventBridge and a queue to a function."""

import json
import threading
from urllib.parse import quote_plus

import pytest

from harness import until

KEYS = ["a b", "a%20b", "a+b", "é/ü", "new\nline", "q?&=#", "日本/🪣", "a//b/", "%", "~!*'()"]


@pytest.fixture(scope="module")
def s3(localstack):
    return localstack.client("s3")


@pytest.fixture(scope="module")
def sqs(localstack):
    return localstack.client("sqs")


@pytest.fixture
def bucket(s3, name):
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return name


@pytest.fixture
def queue(sqs, name):
    url = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "3"})["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


@pytest.fixture
def routed(localstack, s3, bucket, queue, name):
    """Send the bucket's events through EventBridge to the queue."""
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    events = localstack.client("events")
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": queue[1]}])


def received(sqs, url, count):
    """Return the bodies of that many messages."""
    bodies = []

    def more():
        batch = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get(
            "Messages", []
        )
        bodies.extend(json.loads(message["Body"]) for message in batch)
        for message in batch:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return len(bodies) >= count

    until(more)
    return bodies


def test_eventbridge_is_sent_keys_as_they_are(s3, sqs, bucket, queue, routed):
    for key in KEYS:
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
        s3.delete_object(Bucket=bucket, Key=key)

    events = received(sqs, queue[0], 2 * len(KEYS))

    told = sorted((event["detail-type"], event["detail"]["object"]["key"]) for event in events)
    expected = [(kind, key) for kind in ("Object Created", "Object Deleted") for key in KEYS]
    assert told == sorted(expected)


def test_s3s_own_notifications_quote_keys_as_on_aws(s3, sqs, bucket, queue):
    configuration = {"QueueConfigurations": [{"QueueArn": queue[1], "Events": ["s3:ObjectCreated:*"]}]}
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration=configuration, SkipDestinationValidation=True
    )
    s3.put_object(Bucket=bucket, Key="é%20", Body=b"1")

    events = until(lambda: [body for body in received(sqs, queue[0], 1) if "Records" in body])

    assert events[0]["Records"][0]["s3"]["object"]["key"] == quote_plus("é%20")


def test_no_event_of_a_burst_is_lost(localstack, s3, sqs, bucket, queue, routed):
    def put(part):
        client = localstack.client("s3")
        for number in range(25):
            client.put_object(Bucket=bucket, Key=f"{part}-{number}", Body=b"1")

    threads = [threading.Thread(target=put, args=(part,)) for part in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    keys = sorted(event["detail"]["object"]["key"] for event in received(sqs, queue[0], 200))
    assert keys == sorted(f"{part}-{number}" for part in range(8) for number in range(25))


def test_a_queue_feeds_a_function_and_what_it_refuses_comes_again(localstack, functions, sqs, queue):
    source = """
        def handler(event, context):
            failures = []
            for record in event["Records"]:
                count = int(record["attributes"]["ApproximateReceiveCount"])
                print("received", record["body"], count)
                if record["body"] == "bad" and count < 2:
                    failures.append({"itemIdentifier": record["messageId"]})
            return {"batchItemFailures": failures}
    """
    function = functions.create(functions.image(source))
    functions.invoke(function, {"Records": []})
    functions.client.create_event_source_mapping(
        FunctionName=function,
        EventSourceArn=queue[1],
        BatchSize=10,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    for body in ("good", "bad", "good too"):
        sqs.send_message(QueueUrl=queue[0], MessageBody=body)

    def received_by_function():
        lines = localstack.log_lines(f"/aws/lambda/{function}")
        return [line for line in lines if line.startswith("received ")]

    lines = until(lambda: len(found := received_by_function()) == 4 and found)
    assert sorted(lines) == [f"received {line}" for line in ("bad 1", "bad 2", "good 1", "good too 1")]
    until(lambda: _left(sqs, queue[0]) == 0)


def _left(sqs, url):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(value) for value in attributes.values())
