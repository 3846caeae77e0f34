"""Arguments that several commands take."""

import argparse


def add_place(parser: argparse.ArgumentParser) -> None:
    """Add --account and --region: where the user says that the command works."""
    parser.add_argument("--account", metavar="ID", help="the account that is meant; refused in any other")
    parser.add_argument("--region", help="the region that is meant; refused in any other")


def add_context(parser: argparse.ArgumentParser) -> None:
    """Add --context, for settings of the CDK app; may be given more than once."""
    parser.add_argument("--context", action="append", default=[], metavar="KEY=VALUE", help="a setting")
