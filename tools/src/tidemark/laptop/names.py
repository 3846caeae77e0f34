"""Names generated from what makes them unique, so that a repeated run finds what an earlier one made."""

import re
from dataclasses import dataclass
from hashlib import blake2b

from tidemark.errors import CommandError

DEFAULT_NAME = "laptop"
# A bucket's name is lower case and at most 63 characters long (an AWS limit), with ours around it.
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,18}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one set of resources."""

    data_bucket: str
    history_table: str
    ledger_table: str


def names_of(account: str, region: str, name: str) -> Names:
    """Return the names of the set that `name` calls one of an account and a region: always the same.

    Bucket names are shared by all accounts, hence the digest. Raises CommandError for a name that cannot be part
    of a bucket's.
    """
    if not _NAME.fullmatch(name):
        raise CommandError(
            f"'{name}' is no name: it has up to 20 small letters, digits and hyphens, and no hyphen at an end"
        )
    digest = blake2b(f"{account}/{region}/{name}".encode(), digest_size=6).hexdigest()
    made = (f"tidemark-{name}-{role}-{digest}" for role in ("data", "history", "ledger"))
    return Names(*made)
