"""What the local environment says about permissions: whose it checks, and what each role needed."""

import json
from typing import Any

from tidemark.aws import emulator
from tidemark.checks import Check, failure, ok, warning
from tidemark.errors import CommandError
from tidemark.options import Iam

PATH = "/_localstack/image-lambda/permissions"
_SECONDS = 10
_ABOUT = "permissions"


def enforced(endpoint: str) -> Iam:
    """Return whose permissions are checked. Raises CommandError."""
    return Iam(_answer("GET", endpoint)["enforcement"])


def used(endpoint: str) -> dict[str, list[dict[str, Any]]]:
    """Return for the ARN of each role its rows: `action`, `resource`, and how often `allowed` and `refused`.

    Raises CommandError.
    """
    roles: dict[str, list[dict[str, Any]]] = _answer("GET", endpoint)["roles"]
    return roles


def check(endpoint: str) -> Check:
    """Say whose permissions are checked, how many were used, and which were refused. Never raises."""
    try:
        enforcement, roles = enforced(endpoint), used(endpoint)
    except CommandError as error:
        text, _, fix = str(error).rpartition(": ")
        return failure(_ABOUT, text, fix)
    if enforcement is Iam.OFF:
        return ok(_ABOUT, "not checked (IAM=off)")
    actions = {(role, row["action"]) for role, rows in roles.items() for row in rows}
    refused = {
        f"{row['action']} of {role.rpartition('/')[2]}"
        for role, rows in roles.items()
        for row in rows
        if row["refused"]
    }
    if refused:
        return warning(
            _ABOUT, f"refused: {', '.join(sorted(refused))}", "see the warnings in LocalStack's log"
        )
    by = f"{len(roles)} role{'' if len(roles) == 1 else 's'}"
    return ok(_ABOUT, f"{len(actions)} used by {by}, none refused (IAM={enforcement.value})")


def _answer(method: str, endpoint: str) -> Any:
    try:
        status, answer = emulator.call(method, endpoint + PATH, seconds=_SECONDS)
        if status != 200:
            raise CommandError(
                f"LocalStack does not report permissions: status {status}: make local-down local-up"
            )
        return json.loads(answer)
    except (ConnectionError, ValueError) as error:
        raise CommandError(f"LocalStack does not answer at {endpoint} ({error}): make local-up") from error
