"""Refuses event source mappings whose function's role may not read the source, with Lambda's messages."""

from collections.abc import Callable

from localstack.aws.api.lambda_ import InvalidParameterValueException
from localstack.services.lambda_.provider import LambdaProvider
from localstack.utils.patch import patch

from localstack_image_lambda.iam.authorizer import Authorizer, RefusedError
from localstack_image_lambda.iam.policies import Permission

_QUEUE = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
_STREAMS = {
    "kinesis": ("GetRecords", "GetShardIterator", "DescribeStream", "ListShards", "ListStreams"),
    "dynamodb": ("GetRecords", "GetShardIterator", "DescribeStream", "ListStreams"),
}


def apply(authorizer: Authorizer) -> None:
    """Check the role before LocalStack looks, with that role, whether the source exists."""

    @patch(LambdaProvider.check_service_resource_exists)
    def _check_first(
        original: Callable[..., None], self: LambdaProvider, service: str, source: str, *function: str
    ) -> None:
        role = function[-1]
        _check(authorizer, source, role)
        original(self, service, source, *function)


def _check(authorizer: Authorizer, source: str, role: str) -> None:
    _, partition, service, region, _ = source.split(":", 4)
    actions = _QUEUE if service == "sqs" else _STREAMS.get(service, ())
    permissions = [Permission(f"{service}:{action}", source) for action in actions]
    facts = {"aws:requestedregion": region, "aws:securetransport": "true"}
    try:
        authorizer.require_role(role, role, partition, permissions, facts)
    except RefusedError as refusal:
        action = refusal.permission.action.partition(":")[2]
        if service == "sqs":
            message = f"The provided execution role does not have permissions to call {action} on SQS"
        else:
            *most, last = actions
            message = (
                f"Cannot access stream {source}. Please ensure the role can perform the {', '.join(most)}, and {last} "
                "Actions on your stream in IAM."
            )
        raise InvalidParameterValueException(message, Type="User") from refusal
