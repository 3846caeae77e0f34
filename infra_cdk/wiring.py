"""How values cross stacks: as SSM parameters, so that no stack holds another one's export."""

from aws_cdk import CfnParameter, Stack
from aws_cdk import aws_ssm as ssm
from constructs import Construct

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
    """Return under which name a service's function is published."""
    return f"{service}-function-name"


def publish(scope: Construct, settings: Settings, name: str, value: str) -> None:
    """Make a value known to the other stacks of the same target."""
    ssm.StringParameter(scope, f"Parameter-{name}", parameter_name=_path(settings, name), string_value=value)


def published(scope: Construct, settings: Settings, name: str) -> str:
    """Return a value that another stack of the same target publishes, resolved when this one is deployed."""
    # Not the CDK's own look-up: its parameters have names of 80 letters, and a template that is sent as it is
    # (without a bootstrap) may have 50 KiB.
    stack = Stack.of(scope)
    construct_id = "".join(word.capitalize() for word in name.split("-"))
    known = stack.node.try_find_child(construct_id)
    if isinstance(known, CfnParameter):
        return known.value_as_string
    return CfnParameter(
        stack, construct_id, type="AWS::SSM::Parameter::Value<String>", default=_path(settings, name)
    ).value_as_string


def _path(settings: Settings, name: str) -> str:
    # The one name that is ours and not generated: without it nobody could find the others.
    return f"/tidemark/{settings.target}/{name}"
