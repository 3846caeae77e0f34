"""Decides about the calls of sessions, counts what they needed, and says in LocalStack's log what was refused."""

import logging
from collections.abc import Iterable

from localstack_image_lambda.iam.conditions import Facts
from localstack_image_lambda.iam.mode import Mode
from localstack_image_lambda.iam.policies import Decision, Permission, decide
from localstack_image_lambda.iam.principals import Session, Sessions, role_of
from localstack_image_lambda.iam.refusals import sentence
from localstack_image_lambda.iam.usage import Usage

LOG = logging.getLogger(__name__)


class RefusedError(Exception):
    """A permission that a caller (an ARN) does not have."""

    def __init__(self, caller: str, permission: Permission, decision: Decision) -> None:
        super().__init__(sentence(caller, permission, decision))
        self.caller, self.permission, self.decision = caller, permission, decision


class Authorizer:
    """Checks sessions against the policies that their roles have at that moment."""

    def __init__(self, mode: Mode) -> None:
        self.mode = mode
        self.sessions = Sessions()
        self.usage = Usage()
        self._told: set[str] = set()

    def require(self, session: Session, permissions: Iterable[Permission], facts: Facts) -> None:
        """Raise RefusedError if the session lacks one of the permissions."""
        self.require_role(session.role_arn, session.arn, session.partition, permissions, facts)

    def require_role(
        self, role_arn: str, caller: str, partition: str, permissions: Iterable[Permission], facts: Facts
    ) -> None:
        """Raise RefusedError if a role lacks one of the permissions; the message names the caller (an ARN)."""
        role = role_of(role_arn, partition)
        if role is None and self.mode is Mode.ROLES:
            self._tell_once(f"There is no role {role_arn}: calls with it are not checked")
            return
        principal = {
            "aws:principalarn": role_arn,
            "aws:principalaccount": role_arn.split(":")[4],
            "aws:principaltype": "AssumedRole",
        }
        for permission in permissions:
            decision = self._decide(
                role_arn, role.policies if role else (), permission, {**principal, **facts}
            )
            allowed = decision is Decision.ALLOWED
            self.usage.record(role_arn, permission, allowed=allowed)
            if not allowed:
                refusal = RefusedError(caller, permission, decision)
                LOG.warning("Refused: %s", refusal)
                raise refusal

    def _decide(
        self, role_arn: str, documents: tuple[str, ...], permission: Permission, facts: Facts
    ) -> Decision:
        def tell(condition: str) -> None:
            self._tell_once(
                f"The condition {condition} of a policy of {role_arn} is not evaluated: "
                "Allow counts as if it held, Deny as if it did not"
            )

        try:
            return decide(documents, permission, facts, tell)
        except ValueError as error:
            self._tell_once(f"A policy of {role_arn} is malformed ({error}): it refuses everything")
            return Decision.NOT_ALLOWED

    def _tell_once(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            LOG.warning("%s", text)
