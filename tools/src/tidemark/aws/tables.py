"""What the commands do with whole tables, on AWS and on LocalStack."""

from typing import TYPE_CHECKING, Any

from size_history.tables import TableSchema

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_WAIT: Any = {"Delay": 1, "MaxAttempts": 300}


def create_table(client: "DynamoDBClient", name: str, schema: TableSchema, **settings: Any) -> None:
    """Ask for a table, with further arguments of CreateTable; `finish_table` does the rest."""
    client.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **schema.definition(), **settings)


def finish_table(client: "DynamoDBClient", name: str, schema: TableSchema) -> None:
    """Wait until a table is there, and have its items expire as its schema says."""
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig=_WAIT)
    if schema.time_to_live is None:
        return
    # AWS refuses to turn on what is on.
    found: Any = client.describe_time_to_live(TableName=name).get("TimeToLiveDescription", {})
    if found.get("TimeToLiveStatus") not in {"ENABLED", "ENABLING"}:
        expiry: Any = {"AttributeName": schema.time_to_live, "Enabled": True}
        client.update_time_to_live(TableName=name, TimeToLiveSpecification=expiry)


def delete_table(client: "DynamoDBClient", name: str) -> None:
    """Delete a table with all its items and wait until it is gone."""
    client.delete_table(TableName=name)
    await_deletion(client, name)


def await_deletion(client: "DynamoDBClient", name: str) -> None:
    """Wait until a table is gone."""
    client.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig=_WAIT)
