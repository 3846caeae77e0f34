"""The permissions that a call of AWS's API needs.

An operation that is not known here needs the action of its name, on a resource that is not known.
Source: https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from localstack_image_lambda.iam import dynamodb_actions, s3_actions
from localstack_image_lambda.iam.call import Call
from localstack_image_lambda.iam.policies import Permission

PREFIXES = {
    "monitoring": "cloudwatch",
    "email": "ses",
    "tagging": "tag",
}
"""The prefixes of actions that are not the name under which the service's calls are signed."""

FREE = frozenset({("sts", "GetCallerIdentity"), ("sts", "GetSessionToken")})
"""Operations that need no permission."""


def needed(call: Call) -> list[Permission]:
    """Return the permissions that a call needs, each once."""
    if (call.service, call.operation) in FREE:
        return []
    permissions = _SERVICES.get(call.service, _unknown)
    return list(dict.fromkeys(permissions(call)))


def _unknown(call: Call) -> Iterator[Permission]:
    yield call.permission(None)


def _sqs(call: Call) -> Iterator[Permission]:
    action = call.operation.removesuffix("Batch")
    if url := call.get("QueueUrl"):  # it ends in the account and the name
        account, name = url.rstrip("/").split("/")[-2:]
        yield call.permission(f"arn:{call.partition}:sqs:{call.region}:{account}:{name}", action)
    elif name := call.get("QueueName"):
        account = call.get("QueueOwnerAWSAccountId") or call.account
        yield call.permission(f"arn:{call.partition}:sqs:{call.region}:{account}:{name}", action)
    elif arn := call.get("SourceArn"):
        yield call.permission(arn)
    else:
        yield call.permission(call.arn("*") if call.operation == "ListQueues" else None, action)


def _events(call: Call) -> Iterator[Permission]:
    if call.operation == "PutEvents":
        for entry in call.parameters.get("Entries", []):
            yield call.permission(call.named("event-bus/", entry.get("EventBusName") or "default"))
    elif call.operation in {"ListRules", "ListRuleNamesByTarget"}:
        yield call.permission(call.arn("rule/*"))
    elif arn := call.get("ResourceARN"):
        yield call.permission(arn)
    elif rule := call.get("Rule") or (call.get("Name") if call.operation.endswith("Rule") else None):
        bus = (call.get("EventBusName") or "default").rpartition("/")[2]
        yield call.permission(call.arn(f"rule/{rule}" if bus == "default" else f"rule/{bus}/{rule}"))
    else:
        yield call.permission("*" if call.operation.startswith("List") else None)


def _lambda(call: Call) -> Iterator[Permission]:
    action = {
        "Invoke": "InvokeFunction",
        "InvokeAsync": "InvokeFunction",
        "InvokeWithResponseStream": "InvokeFunction",
    }.get(call.operation)
    if (role := call.get("Role")) and call.operation in {"CreateFunction", "UpdateFunctionConfiguration"}:
        yield Permission("iam:PassRole", role)
    if call.operation in {"CreateEventSourceMapping", "ListFunctions", "ListEventSourceMappings"}:
        yield call.permission("*")
    elif name := call.get("FunctionName"):
        yield call.permission(_function(call, name), action or "")
    else:
        yield call.permission(call.get("Resource"), action or "")


def _function(call: Call, name: str) -> str:
    """Return the ARN of a function that is given by its name, `account:function:name` or its ARN."""
    qualifier = f":{call.get('Qualifier')}" if call.get("Qualifier") else ""
    if name.startswith("arn:"):
        return name + qualifier
    return call.arn("function:" + name.rpartition("function:")[2] + qualifier)


def _sns(call: Call) -> Iterator[Permission]:
    action = call.operation.removesuffix("Batch")
    topic = call.get("TopicArn") or call.get("TargetArn") or call.get("ResourceArn")
    if not topic and call.operation == "CreateTopic":
        topic = call.arn(call.parameters["Name"])
    if not topic and (subscription := call.get("SubscriptionArn")):
        topic = subscription.rpartition(":")[0]
    yield call.permission(topic or (call.arn("*") if call.operation.startswith("List") else None), action)


def _ssm(call: Call) -> Iterator[Permission]:
    if "Parameter" not in call.operation:
        yield call.permission(None)
    elif call.operation == "DescribeParameters":
        yield call.permission(call.arn("*"))
    else:
        names = call.get("Names") or [call.get("Name") or call.get("Path") or ""]
        for name in names:
            plain = name if name.startswith("arn:") else name.partition(":")[0].lstrip("/")
            yield call.permission(call.named("parameter/", plain))


def _secrets(call: Call) -> Iterator[Permission]:
    secret = call.get("SecretId") or ""  # the ARN of a secret ends in six letters that its name does not have
    yield call.permission(secret if secret.startswith("arn:") else None)


def _logs(call: Call) -> Iterator[Permission]:
    group, stream = call.get("logGroupName"), call.get("logStreamName")
    if group is None and (identifier := call.get("logGroupIdentifier")):
        group = identifier.removesuffix(":*").rpartition("log-group:")[2]
    if group is None and call.operation not in {"DescribeLogGroups", "ListLogGroups"}:
        yield call.permission(call.get("resourceArn"))
    else:
        yield call.permission(call.arn(f"log-group:{group or ''}:log-stream:{stream or ''}"))


def _sts(call: Call) -> Iterator[Permission]:
    yield call.permission(call.get("RoleArn"))


def _kinesis(call: Call) -> Iterator[Permission]:
    arn, name = call.get("StreamARN") or call.get("ConsumerARN"), call.get("StreamName")
    yield call.permission(arn or (call.arn(f"stream/{name}") if name else None))


def _states(call: Call) -> Iterator[Permission]:
    yield call.permission(call.get("stateMachineArn") or call.get("executionArn"))


def _cloudwatch(call: Call) -> Iterator[Permission]:
    names = call.get("AlarmNames") or ([call.get("AlarmName")] if call.get("AlarmName") else [])
    if names and "Alarm" in call.operation:
        for name in names:
            yield call.permission(call.arn(f"alarm:{name}"))
    else:
        yield call.permission("*" if "Metric" in call.operation else None)


_SERVICES: Mapping[str, Callable[[Call], Iterable[Permission]]] = {
    "s3": s3_actions.permissions,
    "dynamodb": dynamodb_actions.permissions,
    "dynamodbstreams": dynamodb_actions.permissions,
    "sqs": _sqs,
    "events": _events,
    "lambda": _lambda,
    "sns": _sns,
    "ssm": _ssm,
    "secretsmanager": _secrets,
    "logs": _logs,
    "sts": _sts,
    "kinesis": _kinesis,
    "stepfunctions": _states,
    "cloudwatch": _cloudwatch,
}
