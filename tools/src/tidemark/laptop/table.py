"""One of the two tables, made by boto3 as the storage stack makes it."""

import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from size_history.tables import TableSchema
from tidemark.aws.refusals import code_of
from tidemark.aws.tables import await_deletion, create_table, delete_table, finish_table
from tidemark.errors import CommandError

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_BACKUPS_SECONDS = 120
_BACKUPS_PAUSE_SECONDS = 2
_WELL = {"ACTIVE", "CREATING", "UPDATING"}


class Table:
    """One table of the caller's account and region."""

    def __init__(self, dynamodb: "DynamoDBClient", title: str, name: str, schema: TableSchema) -> None:
        self._dynamodb = dynamodb
        self.title = title
        self.name = name
        self._schema = schema

    def exists(self) -> bool:
        """Return whether it exists. Raises CommandError if a table with another schema has its name."""
        try:
            found = self._dynamodb.describe_table(TableName=self.name)["Table"]
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
            return False
        if found["TableStatus"] == "DELETING":
            await_deletion(self._dynamodb, self.name)
            return False
        if found["TableStatus"] not in _WELL:
            raise CommandError(f"table {self.name} is {found['TableStatus']}: look at it in the console")
        if _shape(found) != _shape(self._schema.definition()):
            raise CommandError(
                f"table {self.name} has other keys or indexes than the {self.title}: "
                "delete it, or choose another --name"
            )
        return True

    def create(self) -> bool:
        """Make it if it is missing, and give it its settings; return whether it was missing."""
        missing = not self.exists()
        if missing:
            try:
                create_table(self._dynamodb, self.name, self._schema, SSESpecification={"Enabled": True})
            except ClientError as error:
                # Another run of this program was faster.
                if code_of(error) != "ResourceInUseException":
                    raise
        finish_table(self._dynamodb, self.name, self._schema)
        self._keep_backups()
        return missing

    def content(self) -> str | None:
        """Return the name of an item that it holds, or None if it is empty."""
        arguments: dict[str, Any] = {"TableName": self.name, "Limit": 1, "ConsistentRead": True}
        while True:
            # An empty page may still name a place to continue from.
            page = self._dynamodb.scan(**arguments)
            for item in page["Items"]:
                keys = (self._schema.partition.name, self._schema.sort.name)
                return "item " + ", ".join(str(item[key]["S"]) for key in keys)
            if "LastEvaluatedKey" not in page:
                return None
            arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def delete(self) -> None:
        """Delete it with all its items."""
        try:
            delete_table(self._dynamodb, self.name)
        except ClientError as error:
            if code_of(error) != "ValidationException":
                raise
            raise CommandError(
                f"table {self.name} cannot be deleted: {error.response['Error'].get('Message')}"
            ) from error

    def _keep_backups(self) -> None:
        deadline = time.monotonic() + _BACKUPS_SECONDS
        while True:
            try:
                self._dynamodb.update_continuous_backups(
                    TableName=self.name,
                    PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
                )
            except ClientError as error:
                # AWS prepares the backups of a new table for some seconds.
                preparing = code_of(error) == "ContinuousBackupsUnavailableException"
                if not preparing or time.monotonic() > deadline:
                    raise
                time.sleep(_BACKUPS_PAUSE_SECONDS)
            else:
                return


def _shape(definition: Any) -> tuple[Any, ...]:
    """Return what two definitions of the same table have in common, in any order of their lists."""
    attributes = {each["AttributeName"]: each["AttributeType"] for each in definition["AttributeDefinitions"]}
    indexes = {
        index["IndexName"]: (index["KeySchema"], index["Projection"]["ProjectionType"])
        for index in definition.get("GlobalSecondaryIndexes", [])
    }
    return definition["KeySchema"], attributes, indexes
