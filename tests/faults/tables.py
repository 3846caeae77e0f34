"""The stand-in for DynamoDB with the readers' queries: an index, orders, limits and pages."""

import re
from collections.abc import Mapping
from typing import Any

from size_history import items
from tests.stateful.memory import KEY_NAMES, Item, MemoryDynamoDB

_CONDITION = re.compile(
    r"(?P<name>\w+) (?P<operator>=|<=|<|>=|>) (?P<value>:\w+)"
    r"|(?P<between>\w+) BETWEEN (?P<first>:\w+) AND (?P<last>:\w+)"
    r"|begins_with\((?P<begins>\w+), (?P<prefix>:\w+)\)"
    r"|attribute_exists\((?P<exists>\w+)\)"
)
_HOLDS = {
    "=": lambda found, wanted: found == wanted,
    "<": lambda found, wanted: found < wanted,
    "<=": lambda found, wanted: found <= wanted,
    ">": lambda found, wanted: found > wanted,
    ">=": lambda found, wanted: found >= wanted,
}


class QueriedTables(MemoryDynamoDB):
    """Both tables. An expression that is not known is an error."""

    def query(
        self,
        *,
        TableName: str,
        KeyConditionExpression: str,
        ExpressionAttributeValues: Mapping[str, Any],
        ExpressionAttributeNames: Mapping[str, str] | None = None,
        FilterExpression: str = "",
        IndexName: str = "",
        Limit: int = 1_000_000,
        ScanIndexForward: bool = True,
        ExclusiveStartKey: Item | None = None,
        **_consistency_and_projection: Any,
    ) -> Any:
        names, values = ExpressionAttributeNames or {}, ExpressionAttributeValues
        partition, sort = KEY_NAMES[TableName]
        order = items.TOTAL_SIZE if IndexName else sort
        rows = [
            row
            for row in self.tables[TableName].values()
            if _meets(row, KeyConditionExpression, names, values)
        ]
        rows.sort(key=lambda row: _value(row[order]), reverse=not ScanIndexForward)
        if ExclusiveStartKey:
            start = _value(ExclusiveStartKey[sort])
            rows = [
                row
                for row in rows
                if (_value(row[sort]) > start) == ScanIndexForward and _value(row[sort]) != start
            ]
        page, more = rows[:Limit], len(rows) > Limit
        answer: dict[str, Any] = {
            "Items": [row for row in page if _meets(row, FilterExpression, names, values)]
        }
        if more:
            answer["LastEvaluatedKey"] = {name: page[-1][name] for name in (partition, sort)}
        return answer


def _meets(row: Item, expression: str, names: Mapping[str, str], values: Mapping[str, Any]) -> bool:
    for short, name in names.items():
        expression = expression.replace(short, name)
    assert not _CONDITION.sub("", expression).replace(" AND ", ""), f"not known: {expression}"
    return all(_one_holds(row, found.groupdict(), values) for found in _CONDITION.finditer(expression))


def _one_holds(row: Item, part: Mapping[str, str], values: Mapping[str, Any]) -> bool:
    if part["exists"]:
        return part["exists"] in row
    if part["begins"]:
        return _value(row[part["begins"]]).startswith(_value(values[part["prefix"]]))
    if part["between"]:
        return _value(values[part["first"]]) <= _value(row[part["between"]]) <= _value(values[part["last"]])
    return _HOLDS[part["operator"]](_value(row[part["name"]]), _value(values[part["value"]]))


def _value(attribute: Mapping[str, str]) -> Any:
    return int(attribute["N"]) if "N" in attribute else attribute["S"]
