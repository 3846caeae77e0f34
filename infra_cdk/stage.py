"""One deployment of everything: the same stacks, wherever they go."""

from aws_cdk import BootstraplessSynthesizer, DefaultStackSynthesizer, IStackSynthesizer, Stage
from constructs import Construct

from infra_cdk.images import Images
from infra_cdk.lambda_stack import LambdaStack
from infra_cdk.settings import Settings
from infra_cdk.storage_stack import StorageStack


class TidemarkStage(Stage):
    """The stacks of one target, in the order in which they depend on each other."""

    def __init__(self, scope: Construct, *, settings: Settings, images: Images) -> None:
        super().__init__(scope, f"Tidemark-{settings.target}")

        storage = StorageStack(
            self,
            "StorageStack",
            settings=settings,
            synthesizer=_synthesizer(settings),
            description="Tidemark: buckets, history and ledger",
        )
        application = LambdaStack(
            self,
            "LambdaStack",
            settings=settings,
            images=images,
            synthesizer=_synthesizer(settings),
            description="Tidemark: queue, functions and API",
        )
        application.add_stack_dependency(storage)


def _synthesizer(settings: Settings) -> IStackSynthesizer:
    # LocalStack has no bootstrap stack, and the local templates bring no assets that would need one.
    return BootstraplessSynthesizer() if settings.emulated else DefaultStackSynthesizer()
