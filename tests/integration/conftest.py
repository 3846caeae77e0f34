"""What a test with a real DynamoDB engine asks for; the engine answers for S3 and SQS too."""

import pytest

from tests.engine import EngineError, client_of, create_tables, running_engine


@pytest.fixture(scope="session")
def aws_endpoint():
    """Yield the URL of an engine that runs as long as the session, on a free port of the loopback interface."""
    try:
        with running_engine() as engine:
            yield engine.url
    except EngineError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def dynamodb(aws_endpoint):
    """Yield a client of an engine without tables; the tables that a test makes go with it."""
    client = client_of(aws_endpoint)
    yield client
    for table in client.list_tables()["TableNames"]:
        client.delete_table(TableName=table)


@pytest.fixture
def tables(dynamodb):
    """Return the names of both tables, created empty."""
    return create_tables(dynamodb)


@pytest.fixture
def s3(aws_endpoint):
    """Return an S3 client of the engine; its buckets stay, so a test names its own."""
    return client_of(aws_endpoint, "s3")


@pytest.fixture
def sqs(aws_endpoint):
    """Return an SQS client of the engine; its queues stay, so a test names its own."""
    return client_of(aws_endpoint, "sqs")
