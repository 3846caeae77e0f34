"""One deployment: the stacks of a target."""

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
    """The stacks of one target in deployment order.

    LocalStack gets the first two only: it reports success for the resources of the others and makes none.
    """

    def __init__(self, scope: Construct, *, settings: Settings, images: Images) -> None:
        super().__init__(scope, stage_name(settings.target))

        def options(content: str) -> dict[str, Any]:
            # LocalStack has no bootstrap stack, and local templates have no assets that need one.
            synthesizer = BootstraplessSynthesizer() if settings.emulated else DefaultStackSynthesizer()
            return {"settings": settings, "synthesizer": synthesizer, "description": f"Tidemark: {content}"}

        storage = StorageStack(
            self,
            STORAGE_STACK,
            termination_protection=settings.termination_protection,
            **options("buckets, history and ledger"),
        )
        application = LambdaStack(self, LAMBDA_STACK, images=images, **options("queue, functions and API"))
        application.add_stack_dependency(storage)
        if settings.emulated:
            return

        observability = ObservabilityStack(self, "ObservabilityStack", **options("alarms and dashboard"))
        observability.add_stack_dependency(application)
        if settings.backed_up:
            backup = BackupStack(self, "BackupStack", **options("backups of the tables"))
            backup.add_stack_dependency(storage)
            observability.add_stack_dependency(backup)
