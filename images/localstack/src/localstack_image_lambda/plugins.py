"""The entry points that LocalStack loads. They import everything else only when it is needed."""

import importlib
import os
from functools import partial
from types import ModuleType

from localstack.runtime import hooks
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.plugins import Service, aws_provider
from wrapt import register_post_import_hook

_REPAIRS = {
    "localstack.services.s3.notifications": "event_repairs",
    "localstack.services.s3.provider": "listing_repairs",
    "localstack.services.apigateway.next_gen.execute_api.integrations.aws": "api_repairs",
}


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    """`LAMBDA_RUNTIME_EXECUTOR=process`."""

    name = "process"

    def load(self, *_args: object, **_kwargs: object) -> type:
        """Return the executor. LocalStack calls this once its Lambda provider is loaded."""
        from localstack_image_lambda import lambda_repairs  # noqa: PLC0415 imports the provider
        from localstack_image_lambda.executor import ProcessExecutor  # noqa: PLC0415

        lambda_repairs.apply()
        return ProcessExecutor


class ContainerExecutorPlugin(RuntimeExecutorPlugin):
    """`LAMBDA_RUNTIME_EXECUTOR=container`."""

    name = "container"

    def load(self, *_args: object, **_kwargs: object) -> type:
        """Return the executor. LocalStack calls this once its Lambda provider is loaded."""
        from localstack_image_lambda import container_executor, lambda_repairs  # noqa: PLC0415 imports the provider

        lambda_repairs.apply()
        container_executor.start()
        return container_executor.ContainerExecutor


@aws_provider(api="dynamodb", name="engine")
def dynamodb_engine() -> Service:
    """`PROVIDER_OVERRIDE_DYNAMODB=engine`."""
    from localstack_image_lambda.dynamodb import engine_service  # noqa: PLC0415

    return engine_service()


@hooks.on_infra_start()
def add_recycle_endpoint() -> None:
    """Add the endpoint by which developer tools announce changed code."""
    from localstack.services.internal import get_internal_apis  # noqa: PLC0415

    from localstack_image_lambda import recycling  # noqa: PLC0415

    get_internal_apis().add(recycling.PATH, recycling.recycle_functions, methods=["POST"])


@hooks.on_infra_start()
def enforce_permissions() -> None:
    """`IAM_ENFORCEMENT=roles`."""
    from localstack_image_lambda.iam.installing import install  # noqa: PLC0415
    from localstack_image_lambda.iam.mode import mode_of  # noqa: PLC0415

    install(mode_of(os.environ))


@hooks.on_infra_start()
def repair_later_imports() -> None:
    """Repair LocalStack's modules when they are imported. Importing them now would delay the start."""
    for module, repairs in _REPAIRS.items():
        register_post_import_hook(partial(_repair, repairs), module)


@hooks.on_infra_shutdown()
def remove_containers() -> None:
    """Remove the functions' containers. If LocalStack is killed, the reaper does it."""
    if os.environ.get("LAMBDA_RUNTIME_EXECUTOR") == ContainerExecutorPlugin.name:
        from localstack_image_lambda import container_executor  # noqa: PLC0415

        container_executor.stop()


def _repair(repairs: str, _module: ModuleType) -> None:
    importlib.import_module(f"localstack_image_lambda.{repairs}").apply()


@hooks.on_infra_ready()
def preload_services() -> None:
    """`PRELOAD_SERVICES=s3,lambda`."""
    from localstack_image_lambda import preloading  # noqa: PLC0415

    preloading.start()
