"""The CDK app: `cdk synth`, `cdk diff`, `cdk deploy '**'` from infra_cdk/, or `python -m infra_cdk.app` from the root.

Synth is pure: it reads the context, `cdk.json`, `images.json` and the API's contract. It uses no network, account or git.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from getopt import GetoptError, getopt
from pathlib import Path
from typing import Any

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from infra_cdk.images import IMAGES_FILE, NO_IMAGES_NEEDED, images_from
from infra_cdk.names import REGISTRY_STACK
from infra_cdk.pipeline_stack import PipelineStack
from infra_cdk.registry_stack import RegistryStack
from infra_cdk.settings import HERE, SettingsError, context_of, settings_from
from infra_cdk.stage import TidemarkStage


def build(context: Mapping[str, Any], *, outdir: str, images_file: Path = IMAGES_FILE) -> App:
    """Return the app, not synthesized yet. `context` comes on top of the context in `cdk.json`.

    Raises SettingsError for a setting or an image file that cannot be used.
    """
    app = App(
        context={**context_of(), **context},
        outdir=outdir,
        analytics_reporting=False,  # it adds a resource to every template, of a type that LocalStack does not know
    )
    settings = settings_from(app.node.get_all_context())
    images = NO_IMAGES_NEEDED if settings.emulated else images_from(images_file)
    if not settings.emulated:
        RegistryStack(app, REGISTRY_STACK, description="Tidemark: the images of its functions")
    stage = TidemarkStage(app, settings=settings, images=images)
    if settings.connection_arn is not None:
        PipelineStack(app, settings=settings, deployed=stage, description="Tidemark: its delivery")
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return app


def main(arguments: Sequence[str]) -> int:
    """Write the templates to `-o DIRECTORY` for the context `-c KEY=VALUE ...`; return 0, or 1 after a line on stderr."""
    try:
        context, outdir = _parse(arguments)
        build(context, outdir=outdir).synth()
    except (GetoptError, SettingsError) as error:
        print(f"tidemark: {error}", file=sys.stderr)
        return 1
    except RuntimeError as error:
        if not str(error).startswith("ValidationFailed"):
            raise
        print("tidemark: the checks above found something in the templates", file=sys.stderr)
        return 1
    return 0


def _parse(arguments: Sequence[str]) -> tuple[dict[str, str], str]:
    options, extra = getopt(list(arguments), "c:o:")
    if extra:
        raise GetoptError(f"unknown argument '{extra[0]}'")
    context = dict(value.partition("=")[::2] for flag, value in options if flag == "-c")
    outdir = dict(options).get("-o") or os.environ.get("CDK_OUTDIR") or str(HERE / "cdk.out")
    return context, outdir


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
