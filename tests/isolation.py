"""Keeps tests away from AWS, whatever account, role or settings the machine has.

CodeBuild gives a build its role through AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, for example, and a client that a test
makes without credentials would call AWS with that role.
"""

import os
from collections.abc import Mapping

NOWHERE = "http://127.0.0.1:9"
"""Where a client calls that a test gave no endpoint. Port 9 is never served here, so it fails at once."""

_OF_AN_ENVIRONMENT = (
    *("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    *("AWS_REGION", "AWS_DEFAULT_REGION"),
)
_ISOLATED = {
    "AWS_ENDPOINT_URL": NOWHERE,
    "AWS_EC2_METADATA_DISABLED": "true",
    # Profiles, roles and sign-ins come from these files. BOTO_CONFIG keeps botocore from ~/.boto and /etc/boto.cfg.
    **dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "BOTO_CONFIG"), os.devnull),
}


def isolated(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which no AWS client finds credentials, settings or AWS itself.

    A local environment (`make -s env`) stays reachable.
    """
    within = "TIDEMARK_API_URL" in environ
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith("AWS_") or (within and name in _OF_AN_ENVIRONMENT)
    }
    return {**_ISOLATED, **kept, "BOTO_CONFIG": os.devnull}
