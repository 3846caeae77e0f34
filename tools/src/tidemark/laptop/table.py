"""One of the two tables by boto3: made as the storage stack makes it, looked into and removed."""

import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from size_history.tables import TableSchema
from tidemark.errors import CommandError
from tidemark.laptop.errors import code_of

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_WAIT: Any = {"Delay": 2, "MaxAttempts": 150}
_BACKUPS_SECONDS = 120
_BACKUPS_PAUSE = 2
_WELL = {"ACTIVE", "CREATING", "UPDATING"}


class Table:
    """One table of the caller's account and region."""

    def __init__(self, dynamodb: "DynamoDBClient", title: str, name: str, schema: TableSchema) -> None:
        self._dynamodb = dynamodb
        self.title = title
        self.name = name
        self._schema = schema

    def exists(self) -> bool:
        """Whether it is there and has its schema. Raises CommandError where another table has its name."""
        found = self._described()
        if found is None:
            return False
        if found["TableStatus"] == "DELETING":
            self._dynamodb.get_waiter("table_not_exists").wait(TableName=self.name, WaiterConfig=_WAIT)
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
        """Make it where it is missing, and give it its settings; return whether it was missing."""
        missing = not self.exists()
        if missing:
            self._make()
        self._dynamodb.get_waiter("table_exists").wait(TableName=self.name, WaiterConfig=_WAIT)
        self._let_items_expire()
        self._keep_backups()
        return missing

    def content(self) -> str | None:
        """Return what it holds first, in words, or None where it is empty."""
        arguments: dict[str, Any] = {"TableName": self.name, "Limit": 1, "ConsistentRead": True}
        while True:
            # One item is read at most; an empty page may yet name a place to go on from.
            page = self._dynamodb.scan(**arguments)
            for item in page["Items"]:
                keys = (self._schema.partition.name, self._schema.sort.name)
                return "item " + ", ".join(str(item[key]["S"]) for key in keys)
            if "LastEvaluatedKey" not in page:
                return None
            arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def delete(self) -> None:
        """Remove it with all that it holds."""
        try:
            self._dynamodb.delete_table(TableName=self.name)
        except ClientError as error:
            if code_of(error) != "ValidationException":
                raise
            raise CommandError(
                f"table {self.name} cannot be deleted: {error.response['Error'].get('Message')}"
            ) from error
        self._dynamodb.get_waiter("table_not_exists").wait(TableName=self.name, WaiterConfig=_WAIT)

    def _described(self) -> Any:
        try:
            return self._dynamodb.describe_table(TableName=self.name)["Table"]
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
            return None

    def _make(self) -> None:
        try:
            self._dynamodb.create_table(
                TableName=self.name,
                BillingMode="PAY_PER_REQUEST",
                SSESpecification={"Enabled": True},
                **self._schema.definition(),
            )
        except ClientError as error:
            # Another run of this program was faster.
            if code_of(error) != "ResourceInUseException":
                raise

    def _let_items_expire(self) -> None:
        attribute = self._schema.time_to_live
        if attribute is None:
            return
        # Asking for what is already so is an error (an AWS rule).
        found = self._dynamodb.describe_time_to_live(TableName=self.name)["TimeToLiveDescription"]
        if found.get("TimeToLiveStatus") not in {"ENABLED", "ENABLING"}:
            self._dynamodb.update_time_to_live(
                TableName=self.name,
                TimeToLiveSpecification={"AttributeName": attribute, "Enabled": True},
            )

    def _keep_backups(self) -> None:
        deadline = time.monotonic() + _BACKUPS_SECONDS
        while True:
            try:
                self._dynamodb.update_continuous_backups(
                    TableName=self.name,
                    PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
                )
            except ClientError as error:
                # A new table's backups are being prepared for some seconds.
                preparing = code_of(error) == "ContinuousBackupsUnavailableException"
                if not preparing or time.monotonic() > deadline:
                    raise
                time.sleep(_BACKUPS_PAUSE)
            else:
                return


def _shape(definition: Any) -> tuple[Any, ...]:
    """Return what two definitions of the same table have in common, whatever the order of their lists."""
    attributes = {each["AttributeName"]: each["AttributeType"] for each in definition["AttributeDefinitions"]}
    indexes = {
        index["IndexName"]: (index["KeySchema"], index["Projection"]["ProjectionType"])
        for index in definition.get("GlobalSecondaryIndexes", [])
    }
    return definition["KeySchema"], attributes, indexes
