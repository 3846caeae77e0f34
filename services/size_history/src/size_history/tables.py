"""The schema of the two tables, for the stacks that declare them and the programs and tests that create them.

It has the form that DynamoDB's CreateTable and CloudFormation's AWS::DynamoDB::Table share.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from size_history import items, keys


class Kind(StrEnum):
    """A key attribute's type, in DynamoDB's letters."""

    STRING = "S"
    NUMBER = "N"


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute that is part of a key."""

    name: str
    kind: Kind = Kind.STRING


@dataclass(frozen=True, slots=True)
class Index:
    """A global secondary index that holds every attribute of its table's items."""

    name: str
    partition: Attribute
    sort: Attribute


@dataclass(frozen=True, slots=True)
class TableSchema:
    """One table: its key, its indexes, and the attribute with the expiry (seconds since 1970) of its items, if any."""

    partition: Attribute
    sort: Attribute
    indexes: tuple[Index, ...] = ()
    time_to_live: str | None = None

    def definition(self) -> dict[str, Any]:
        """Return the arguments of CreateTable; `GlobalSecondaryIndexes` is missing if there are none."""
        keyed: tuple[TableSchema | Index, ...] = (self, *self.indexes)
        attributes = dict.fromkeys(each for one in keyed for each in (one.partition, one.sort))
        indexes = [
            {
                "IndexName": index.name,
                "KeySchema": _key_schema(index),
                "Projection": {"ProjectionType": "ALL"},
            }
            for index in self.indexes
        ]
        return {
            "KeySchema": _key_schema(self),
            "AttributeDefinitions": [
                {"AttributeName": each.name, "AttributeType": each.kind.value} for each in attributes
            ],
            **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
        }


def _key_schema(keyed: TableSchema | Index) -> list[dict[str, str]]:
    return [
        {"AttributeName": keyed.partition.name, "KeyType": "HASH"},
        {"AttributeName": keyed.sort.name, "KeyType": "RANGE"},
    ]


HISTORY = TableSchema(
    partition=Attribute(items.BUCKET_NAME),
    sort=Attribute(items.TIME),
    indexes=(
        Index(
            items.SIZE_INDEX,
            partition=Attribute(items.BUCKET_NAME),
            sort=Attribute(items.TOTAL_SIZE, Kind.NUMBER),
        ),
    ),
    time_to_live=items.EXPIRY,
)
"""The published schema. Items expire only where a deployment sets for how long samples are kept; totals and rollups keep
the maxima."""

LEDGER = TableSchema(partition=Attribute(keys.PK), sort=Attribute(keys.SK), time_to_live=items.EXPIRY)
"""All state that changes. Only tombstones expire."""
