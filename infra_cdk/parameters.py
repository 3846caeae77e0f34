"""Names that one stack publishes for others, as SSM parameters. So no stack depends on another one's exports."""

from aws_cdk import CfnParameter, Stack
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from infra_cdk.names import camel_case
from infra_cdk.settings import Settings

DATA_BUCKET = "data-bucket-name"
PLOT_BUCKET = "plot-bucket-name"
HISTORY_TABLE = "history-table-name"
LEDGER_TABLE = "ledger-table-name"
QUEUE = "queue-name"
DLQ = "dead-letter-queue-name"
RULE_DLQ = "rule-dead-letter-queue-name"
API = "api-name"
BACKUP_VAULT = "backup-vault-name"


def function(service: str) -> str:
    """Return the parameter of a service's function name."""
    return f"{service}-function-name"


def publish(scope: Construct, settings: Settings, name: str, value: str) -> None:
    """Make a value known to the other stacks of the same target."""
    ssm.StringParameter(scope, f"Parameter-{name}", parameter_name=_path(settings, name), string_value=value)


def read(scope: Construct, settings: Settings, name: str) -> str:
    """Return what another stack of the same target publishes; CloudFormation reads it at deployment."""
    # The CDK's own look-up makes parameter names of 80 letters. A local template must stay below 50 KiB.
    stack = Stack.of(scope)
    construct_id = camel_case(name)
    parameter = stack.node.try_find_child(construct_id)
    if not isinstance(parameter, CfnParameter):
        parameter = CfnParameter(
            stack, construct_id, type="AWS::SSM::Parameter::Value<String>", default=_path(settings, name)
        )
    return parameter.value_as_string


def _path(settings: Settings, name: str) -> str:
    return f"/tidemark/{settings.target}/{name}"
