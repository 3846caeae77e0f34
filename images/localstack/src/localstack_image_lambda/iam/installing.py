"""Connects the checks to LocalStack when it starts."""

import importlib
from functools import partial
from types import ModuleType

from localstack.aws import handlers
from localstack.services.internal import get_internal_apis
from wrapt import register_post_import_hook

from localstack_image_lambda.iam import report
from localstack_image_lambda.iam.authorizer import Authorizer
from localstack_image_lambda.iam.enforcement import Enforcement
from localstack_image_lambda.iam.mode import Mode

_LATER = {
    "localstack.services.apigateway.next_gen.execute_api.handlers": "rest_apis",
    "localstack.services.lambda_.provider": "event_sources",
}
"""Which of LocalStack's modules wants which check. Importing them now would delay the start."""


def install(mode: Mode) -> None:
    """Check the calls that the mode names. The endpoint of the counts is there in every mode."""
    authorizer = Authorizer(mode)
    get_internal_apis().add(
        report.PATH, report.UsageResource(mode, authorizer.usage), methods=["GET", "DELETE"]
    )
    if mode is Mode.OFF:
        return
    enforcement = Enforcement(authorizer)
    handlers.serve_custom_service_request_handlers.append(enforcement.check)
    handlers.run_custom_response_handlers.append(enforcement.hide_absence)
    for module, check in _LATER.items():
        register_post_import_hook(partial(_apply, check, authorizer), module)


def _apply(check: str, authorizer: Authorizer, _module: ModuleType) -> None:
    importlib.import_module(f"localstack_image_lambda.iam.{check}").apply(authorizer)
