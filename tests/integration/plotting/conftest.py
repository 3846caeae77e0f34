import uuid
from types import SimpleNamespace

import pytest

from plotting import handler as module


@pytest.fixture
def world(monkeypatch, aws_endpoint, dynamodb, s3, sqs, tables):
    """Set up what a deployed plotting function finds, and its environment."""
    unique = uuid.uuid4().hex[:8]
    plot_bucket = f"plots-{unique}"
    s3.create_bucket(Bucket=plot_bucket)
    queue_url = sqs.create_queue(QueueName=f"tracking-{unique}")["QueueUrl"]
    environ = {
        "HISTORY_TABLE": tables.history,
        "LEDGER_TABLE": tables.ledger,
        "SIZE_INDEX": tables.size_index,
        "DATA_BUCKET": "data-bucket",
        "PLOT_BUCKET": plot_bucket,
        "QUEUE_URL": queue_url,
        "CORS_ORIGIN": "*",
        "AWS_ENDPOINT_URL": aws_endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
    }
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    module.sources.cache_clear()
    yield SimpleNamespace(
        environ=environ,
        dynamodb=dynamodb,
        s3=s3,
        sqs=sqs,
        tables=tables,
        plot_bucket=plot_bucket,
        queue_url=queue_url,
    )
    module.sources.cache_clear()
