"""Generated names. They stay the same, so that a repeated run finds what an earlier one made."""

import re
from dataclasses import dataclass
from hashlib import blake2b

from tidemark.errors import CommandError

DEFAULT_NAME = "laptop"
# A part of a bucket's name, which is lower case and has at most 63 characters (an AWS limit).
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,18}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one set of resources."""

    data_bucket: str
    history_table: str
    ledger_table: str


def names_of(account: str, region: str, name: str) -> Names:
    """Return the names of the set `name` of an account and a region.

    All accounts share the names of buckets, hence the digest. Raises CommandError for a name that cannot be part of
    a bucket's name.
    """
    if not _NAME.fullmatch(name):
        raise CommandError(
            f"'{name}' is no name: a name has up to 20 small letters, digits and hyphens, and no hyphen at an end"
        )
    digest = blake2b(f"{account}/{region}/{name}".encode(), digest_size=6).hexdigest()
    roles = (f"tidemark-{name}-{role}-{digest}" for role in ("data", "history", "ledger"))
    return Names(*roles)
