import uuid
from types import SimpleNamespace

import pytest

from tests.integration.plotting.calls import forget


@pytest.fixture
def world(monkeypatch, aws_endpoint, dynamodb, s3, sqs, tables):
    """Set up what a deployed plotting function finds, and its environment."""
    unique = uuid.uuid4().hex[:8]
    plot_bucket = f"plots-{unique}"
    s3.create_bucket(Bucket=plot_bucket)
    queue_url, dlq_url, rule_dlq_url = (
        sqs.create_queue(QueueName=f"{name}-{unique}")["QueueUrl"] for name in ("tracking", "dlq", "rule-dlq")
    )
    environ = {
        "HISTORY_TABLE": tables.history,
        "LEDGER_TABLE": tables.ledger,
        "SIZE_INDEX": tables.size_index,
        "DATA_BUCKET": "data-bucket",
        "PLOT_BUCKET": plot_bucket,
        "QUEUE_URL": queue_url,
        "DLQ_URL": dlq_url,
        "RULE_DLQ_URL": rule_dlq_url,
        "CORS_ORIGIN": "*",
        "AWS_ENDPOINT_URL": aws_endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
    }
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    forget()
    yield SimpleNamespace(
        environ=environ,
        dynamodb=dynamodb,
        s3=s3,
        sqs=sqs,
        tables=tables,
        plot_bucket=plot_bucket,
        queue_url=queue_url,
        dlq_url=dlq_url,
        rule_dlq_url=rule_dlq_url,
    )
    forget()
