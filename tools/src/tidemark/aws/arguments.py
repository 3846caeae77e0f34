"""Arguments that several commands take, and what is wrong with those that say what is meant."""

import argparse
import re

from size_history.keys import BUCKET_NAME
from tidemark.errors import CommandError

_TABLE = re.compile(r"[A-Za-z0-9._-]{3,255}|arn:[^/]+:table/[A-Za-z0-9._-]{3,255}")
"""DynamoDB's rule for the names of tables, and their ARNs, which it takes as well."""
_ADDRESS = re.compile(r"(?:s3://|arn:[^:]*:s3:::)([^/]+)(?:/.*)?")


def add_place(parser: argparse.ArgumentParser) -> None:
    """Add --account and --region: where the user says that the command works."""
    parser.add_argument("--account", metavar="ID", help="the account that is meant; refused in any other")
    parser.add_argument("--region", help="the region that is meant; refused in any other")


def add_context(parser: argparse.ArgumentParser) -> None:
    """Add --context, for settings of the CDK app; may be given more than once."""
    parser.add_argument("--context", action="append", default=[], metavar="KEY=VALUE", help="a setting")


def bucket_of(text: str, example: str) -> str:
    """Return what BUCKET= says. Raises CommandError where that is nothing, or no bucket's name."""
    _require("BUCKET", text, example)
    if BUCKET_NAME.fullmatch(text):
        return text
    address = _ADDRESS.fullmatch(text)
    meant = f": BUCKET={address[1]}" if address else f": {example}"
    raise CommandError(f"BUCKET={text} is no bucket's name{meant}")


def table_of(text: str, example: str) -> str:
    """Return what FROM= says. Raises CommandError where that is nothing, or no table's name."""
    _require("FROM", text, example)
    if not _TABLE.fullmatch(text):
        raise CommandError(f"FROM={text} is no table's name: {example}")
    return text


def stack_of(text: str, example: str) -> str:
    """Return what STACK= says. Raises CommandError where that is nothing."""
    _require("STACK", text, example)
    return text


def _require(name: str, text: str, example: str) -> None:
    if not text.strip():
        raise CommandError(f"{name}= is missing: {example}")
