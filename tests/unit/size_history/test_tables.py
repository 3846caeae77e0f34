"""The schema of the two tables, as CreateTable takes it."""

from size_history.tables import HISTORY, LEDGER


def test_the_history_has_the_published_schema_and_samples_may_expire():
    assert HISTORY.definition() == {
        "KeySchema": [
            {"AttributeName": "bucket_name", "KeyType": "HASH"},
            {"AttributeName": "time", "KeyType": "RANGE"},
        ],
        "AttributeDefinitions": [
            {"AttributeName": "bucket_name", "AttributeType": "S"},
            {"AttributeName": "time", "AttributeType": "S"},
            {"AttributeName": "total_size", "AttributeType": "N"},
        ],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "GSI_SizeByBucket",
                "KeySchema": [
                    {"AttributeName": "bucket_name", "KeyType": "HASH"},
                    {"AttributeName": "total_size", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    }
    assert HISTORY.time_to_live == "expiry"


def test_the_ledger_is_keyed_by_two_texts_and_its_tombstones_expire():
    assert LEDGER.definition() == {
        "KeySchema": [
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
    }
    assert LEDGER.time_to_live == "expiry"
