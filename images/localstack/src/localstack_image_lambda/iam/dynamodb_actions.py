"""The permissions that DynamoDB's operations need: on the table, on an index of its own ARN, or item by item.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
"""

from collections.abc import Iterator

from localstack_image_lambda.iam.call import Call
from localstack_image_lambda.iam.policies import Permission

_ITEMS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}
"""The actions for the items of a transaction."""
_STATEMENTS = {
    "select": "PartiQLSelect",
    "insert": "PartiQLInsert",
    "update": "PartiQLUpdate",
    "delete": "PartiQLDelete",
}
_ARNS = ("StreamArn", "BackupArn", "ExportArn", "ImportArn", "ResourceArn", "TableArn", "SourceTableArn")


def permissions(call: Call) -> Iterator[Permission]:
    """Yield each permission that the call needs."""
    if call.operation in {"BatchGetItem", "BatchWriteItem"}:
        for table in call.parameters.get("RequestItems", {}):
            yield call.permission(_table(call, table))
    elif call.operation in {"TransactGetItems", "TransactWriteItems"}:
        for item in call.parameters.get("TransactItems", []):
            for kind, request in item.items():
                yield call.permission(_table(call, request["TableName"]), _ITEMS[kind])
    elif statements := _statements(call):
        for statement in statements:
            verb = statement.lstrip().partition(" ")[0].lower()
            yield call.permission(None, _STATEMENTS.get(verb, call.operation))
    else:
        yield call.permission(_resource(call))


def _resource(call: Call) -> str | None:
    if name := call.get("TableName") or call.get("SourceTableName"):
        table, index = _table(call, name), call.get("IndexName")
        return f"{table}/index/{index}" if index else table
    if call.operation == "ListTables":
        return call.arn("table/*")
    return next((call.get(name) for name in _ARNS if call.get(name)), None)


def _table(call: Call, name: str) -> str:
    return call.named("table/", name)


def _statements(call: Call) -> list[str]:
    """Return a call's PartiQL statements. The table in them is not looked for, so it counts as unknown."""
    single = [call.get("Statement")] if call.operation == "ExecuteStatement" else []
    many = call.parameters.get(
        "TransactStatements" if call.operation == "ExecuteTransaction" else "Statements"
    )
    return [*single, *(entry["Statement"] for entry in many or [])]
