"""What is wrong with the argument that names a bucket, a table or a stack."""

import re

from size_history.keys import VALID_BUCKET_NAME
from tidemark.errors import CommandError

_TABLE = re.compile(r"[A-Za-z0-9._-]{3,255}|arn:[^/]+:table/[A-Za-z0-9._-]{3,255}")
"""DynamoDB's rule for the names of tables, and their ARNs, which its calls take as well."""
_ADDRESS = re.compile(r"(?:s3://|arn:[^:]*:s3:::)([^/]+)(?:/.*)?")


def bucket_of(text: str, example: str) -> str:
    """Return the value of BUCKET=. Raises CommandError if it is empty or no bucket's name."""
    if VALID_BUCKET_NAME.fullmatch(required("BUCKET", text, example)):
        return text
    address = _ADDRESS.fullmatch(text)
    meant = f"BUCKET={address[1]}" if address else example
    raise CommandError(f"BUCKET={text} is no bucket's name: {meant}")


def table_of(text: str, example: str) -> str:
    """Return the value of FROM=. Raises CommandError if it is empty or no table's name."""
    if not _TABLE.fullmatch(required("FROM", text, example)):
        raise CommandError(f"FROM={text} is no table's name: {example}")
    return text


def required(name: str, text: str, example: str) -> str:
    """Return the value of a variable. Raises CommandError if it is empty."""
    if not text.strip():
        raise CommandError(f"{name}= is missing: {example}")
    return text
