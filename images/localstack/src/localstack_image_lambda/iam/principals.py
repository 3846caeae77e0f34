"""Who makes a call: the session of a role, by the access key that it is signed with. All of it is in moto."""

import threading
from dataclasses import dataclass
from typing import Any

from localstack.aws.accounts import get_account_id_from_access_key_id
from localstack.http import Request
from localstack.utils.aws.request_context import extract_access_key_id_from_auth_header

INJECTED = "injectedaccesskey"
"""The key that LocalStack signs unsigned requests with."""
_TEMPORARY = ("LSIA", "ASIA")


@dataclass(frozen=True, slots=True)
class Session:
    """A session of a role. `arn` is its own ARN, as messages name it."""

    arn: str
    role_arn: str
    account: str
    partition: str


@dataclass(frozen=True, slots=True)
class Role:
    """A role with the documents of its policies (JSON), as they are at this moment."""

    arn: str
    policies: tuple[str, ...]
    trust: str


def access_key_of(request: Request) -> str | None:
    """Return the access key that a request is signed with, in its header or its URL, or None if it is not signed."""
    key: str | None = extract_access_key_id_from_auth_header(request.headers)
    if key and key != INJECTED:
        return key
    credential = request.args.get("X-Amz-Credential") or request.args.get("AWSAccessKeyId") or ""
    return str(credential.partition("/")[0]) or None


def is_temporary(key: str) -> bool:
    """Return whether a key looks like one that STS gave out."""
    return len(key) >= 16 and key.startswith(_TEMPORARY)


class Sessions:
    """Finds sessions by their access keys. Each session is looked at once, although moto keeps them in a list."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], tuple[list[Any], int, dict[str, Session]]] = {}

    def find(self, key: str, partition: str) -> Session | None:
        """Return the session that the key belongs to, or None."""
        if not is_temporary(key):
            return None
        from moto.sts.models import sts_backends  # noqa: PLC0415 LocalStack loads it when a role is assumed

        account = get_account_id_from_access_key_id(key)
        with self._lock:
            listed = sts_backends[account][partition].assumed_roles
            before, count, found = self._known.get((account, partition), ([], 0, {}))
            if before is not listed or count > len(listed):  # LocalStack's state was reset
                count, found = 0, {}
            for each in listed[count:]:
                found[each.access_key_id] = Session(each.arn, each.role_arn, each.account_id, partition)
                count += 1
            self._known[account, partition] = (listed, count, found)
            return found.get(key)


def role_of(arn: str, partition: str) -> Role | None:
    """Return the role with this ARN, or None if there is none."""
    from moto.iam.models import iam_backends  # noqa: PLC0415 LocalStack loads it with its first role

    account, name = arn.split(":")[4], arn.rpartition("/")[2]
    for role in list(iam_backends[account][partition].roles.values()):
        if role.name == name and role.arn == arn:
            attached = [_document(policy) for policy in list(role.managed_policies.values())]
            inline = list(role.policies.values())
            return Role(arn, (*inline, *attached), role.assume_role_policy_document)
    return None


def _document(policy: Any) -> str:
    """Return the document of a managed policy's default version."""
    return next(
        str(version.document)
        for version in policy.versions
        if version.version_id == policy.default_version_id
    )
