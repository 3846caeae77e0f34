"""What LocalStack finds by entry point: names and lazy imports only."""

from localstack.runtime import hooks
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.plugins import Service, aws_provider


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    """`LAMBDA_RUNTIME_EXECUTOR=process`."""

    name = "process"

    def load(self, *_args: object, **_kwargs: object) -> type:
        """Return the executor; LocalStack asks once its Lambda provider is there."""
        from localstack_image_lambda import lambda_repairs  # noqa: PLC0415 see the module
        from localstack_image_lambda.executor import ProcessExecutor  # noqa: PLC0415

        lambda_repairs.apply()
        return ProcessExecutor


@aws_provider(api="dynamodb", name="engine")
def dynamodb_engine() -> Service:
    """`PROVIDER_OVERRIDE_DYNAMODB=engine`."""
    from localstack_image_lambda.dynamodb import engine_service  # noqa: PLC0415

    return engine_service()


@hooks.on_infra_start()
def repair_event_delivery() -> None:
    """Repair how S3's events reach EventBridge, before the first bucket exists."""
    from localstack_image_lambda import event_repairs  # noqa: PLC0415

    event_repairs.apply()


@hooks.on_infra_start()
def add_recycle_endpoint() -> None:
    """Let a developer's tools say that a function's code changed."""
    from localstack.services.internal import get_internal_apis  # noqa: PLC0415

    from localstack_image_lambda import recycling  # noqa: PLC0415

    get_internal_apis().add(recycling.PATH, recycling.recycle_functions, methods=["POST"])


@hooks.on_infra_start()
def repair_rest_apis() -> None:
    """Let a function's binary answers through, before the first API exists."""
    from localstack_image_lambda import api_repairs  # noqa: PLC0415

    api_repairs.apply()


@hooks.on_infra_ready()
def preload_services() -> None:
    """`PRELOAD_SERVICES=s3,lambda`."""
    from localstack_image_lambda import preloading  # noqa: PLC0415

    preloading.start()
