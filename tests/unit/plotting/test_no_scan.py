"""No service scans a table: neither by the operation of that name nor by PartiQL, which scans where it finds no key.

That none could if it tried is tests/infra/test_permissions.py.
"""

import ast
from pathlib import Path

import pytest

SERVICES = Path(__file__).parents[3] / "services"
SCANNING = {
    "scan",
    "execute_statement",
    "batch_execute_statement",
    "execute_transaction",
    "export_table_to_point_in_time",
}


def scanning(source):
    """Return the names by which a source could scan: as an attribute, a name, or a paginator's."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(attr=name) | ast.Name(id=name) | ast.Constant(value=str(name)):
                found |= {name} & SCANNING
    return found


@pytest.mark.parametrize(
    "source",
    [
        "client.scan(TableName=t)",
        "client.get_paginator('scan')",
        "getattr(client, 'scan')",
        "client.execute_statement(Statement=s)",
    ],
)
def test_a_scan_would_be_found(source):
    assert scanning(source)


@pytest.mark.parametrize("path", sorted(SERVICES.glob("*/src/**/*.py")), ids=lambda path: path.stem)
def test_no_service_scans(path):
    assert scanning(path.read_text()) == set()
