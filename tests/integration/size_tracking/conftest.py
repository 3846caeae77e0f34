"""A tracker around a real DynamoDB engine, and an S3 that is a dictionary at the observation seam."""

import pytest

from size_history import items
from size_tracking.ledger import Ledger
from tests.integration.size_tracking.world import World, batch_of


@pytest.fixture
def ledger(dynamodb, tables):
    return Ledger(dynamodb, ledger_table=tables.ledger, history_table=tables.history)


@pytest.fixture
def world():
    return World()


@pytest.fixture
def batch(world, ledger):
    return batch_of(world, ledger)


@pytest.fixture
def samples(dynamodb, tables):
    def read(bucket="data"):
        answer = dynamodb.query(
            TableName=tables.history,
            KeyConditionExpression="bucket_name = :b",
            ExpressionAttributeValues={":b": items.text(bucket)},
        )
        return [items.Sample.from_item(item) for item in answer["Items"]]

    return read
