"""One deployment of everything: the same stacks, wherever they go."""

from typing import Any

from aws_cdk import BootstraplessSynthesizer, DefaultStackSynthesizer, Stage
from constructs import Construct

from infra_cdk.backup_stack import BackupStack
from infra_cdk.images import Images
from infra_cdk.lambda_stack import LambdaStack
from infra_cdk.names import LAMBDA_STACK, STORAGE_STACK, stage_name
from infra_cdk.observability_stack import ObservabilityStack
from infra_cdk.settings import Settings
from infra_cdk.storage_stack import StorageStack


class TidemarkStage(Stage):
    """The stacks of one target, in the order in which they depend on each other.

    LocalStack gets the first two: of what the others are made of, it only pretends to make any.
    """

    def __init__(self, scope: Construct, *, settings: Settings, images: Images) -> None:
        super().__init__(scope, stage_name(settings.target))

        storage = StorageStack(
            self, STORAGE_STACK, settings=settings, **_stack(settings, "buckets, history and ledger")
        )
        application = LambdaStack(
            self,
            LAMBDA_STACK,
            settings=settings,
            images=images,
            **_stack(settings, "queue, functions and API"),
        )
        application.add_stack_dependency(storage)
        if settings.emulated:
            return

        observability = ObservabilityStack(
            self, "ObservabilityStack", settings=settings, **_stack(settings, "alarms and dashboard")
        )
        observability.add_stack_dependency(application)
        if settings.backed_up:
            backup = BackupStack(
                self, "BackupStack", settings=settings, **_stack(settings, "backups of the tables")
            )
            backup.add_stack_dependency(storage)
            observability.add_stack_dependency(backup)


def _stack(settings: Settings, holds: str) -> dict[str, Any]:
    # LocalStack has no bootstrap stack, and the local templates bring no assets that would need one.
    synthesizer = BootstraplessSynthesizer() if settings.emulated else DefaultStackSynthesizer()
    return {"synthesizer": synthesizer, "description": f"Tidemark: {holds}"}
