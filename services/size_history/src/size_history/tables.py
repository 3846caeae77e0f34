"""The schema of the two tables: what the stacks declare, what the laptop program and the tests create.

A schema is given in the form that DynamoDB's CreateTable and CloudFormation's AWS::DynamoDB::Table share.
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
    """A global secondary index, which holds every attribute of its table's items."""

    name: str
    partition: Attribute
    sort: Attribute


@dataclass(frozen=True, slots=True)
class TableSchema:
    """One table: its key, its indexes, and the attribute (seconds since 1970) after which an item may go, if any."""

    partition: Attribute
    sort: Attribute
    indexes: tuple[Index, ...] = ()
    time_to_live: str | None = None

    def key_schema(self) -> list[dict[str, str]]:
        """Return `KeySchema`."""
        return _key_schema(self.partition, self.sort)

    def attribute_definitions(self) -> list[dict[str, str]]:
        """Return `AttributeDefinitions`: the attributes of all keys, each once."""
        indexed = [attribute for index in self.indexes for attribute in (index.partition, index.sort)]
        attributes = dict.fromkeys([self.partition, self.sort, *indexed])
        return [{"AttributeName": each.name, "AttributeType": each.kind.value} for each in attributes]

    def global_secondary_indexes(self) -> list[dict[str, Any]]:
        """Return `GlobalSecondaryIndexes`."""
        return [
            {
                "IndexName": index.name,
                "KeySchema": _key_schema(index.partition, index.sort),
                "Projection": {"ProjectionType": "ALL"},
            }
            for index in self.indexes
        ]

    def definition(self) -> dict[str, Any]:
        """Return all of the above as arguments of CreateTable; none for what the table has not."""
        indexes = self.global_secondary_indexes()
        return {
            "KeySchema": self.key_schema(),
            "AttributeDefinitions": self.attribute_definitions(),
            **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
        }


def _key_schema(partition: Attribute, sort: Attribute) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition.name, "KeyType": "HASH"},
        {"AttributeName": sort.name, "KeyType": "RANGE"},
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
)
"""The published schema. It never expires: that would falsify the maximum."""

LEDGER = TableSchema(partition=Attribute(keys.PK), sort=Attribute(keys.SK), time_to_live=items.EXPIRY)
"""Whatever changes, and of it only tombstones expire."""
