"""The CDK app: `cdk synth`, `cdk diff`, `cdk deploy '**'` from infra_cdk/, or `python -m infra_cdk.app` from the root.

Synth is pure: it reads the context, `cdk.json` and `images.json`, and asks no network, account or git.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from infra_cdk.images import IMAGES_FILE, NO_IMAGES_NEEDED, Images, images_from
from infra_cdk.names import REGISTRY_STACK
from infra_cdk.pipeline_stack import PipelineStack
from infra_cdk.registry_stack import RegistryStack
from infra_cdk.settings import Settings, SettingsError, context_of, settings_from
from infra_cdk.stage import TidemarkStage

HERE = Path(__file__).resolve().parent


def build(context: Mapping[str, Any], *, outdir: str, images_file: Path = IMAGES_FILE) -> App:
    """Return the app, not synthesized yet, for this context on top of that of `cdk.json`.

    Raises SettingsError for a setting or an image file that cannot be used.
    """
    app = App(
        context={**context_of(), **context},
        outdir=outdir,
        analytics_reporting=False,  # it would add a resource to every template, and LocalStack knows no such type
    )
    settings = settings_from(app.node.get_all_context())
    if not settings.emulated:
        RegistryStack(app, REGISTRY_STACK, description="Tidemark: the images of its functions")
    stage = TidemarkStage(app, settings=settings, images=_images(settings, images_file))
    if settings.connection_arn is not None:
        PipelineStack(app, settings=settings, deployed=stage, description="Tidemark: its delivery")
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Synthesize; return 0, or 1 after one line on stderr that says what to change."""
    options = _parser().parse_args(arguments)
    try:
        build(dict(options.context), outdir=options.output).synth()
    except SettingsError as error:
        print(f"tidemark: {error}", file=sys.stderr)
        return 1
    except RuntimeError as error:
        if not str(error).startswith("ValidationFailed"):
            raise
        print("tidemark: the checks above found something in the templates", file=sys.stderr)
        return 1
    return 0


def _images(settings: Settings, images_file: Path) -> Images:
    return NO_IMAGES_NEEDED if settings.emulated else images_from(images_file)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m infra_cdk.app", description="Write the CDK app's templates."
    )
    parser.add_argument(
        "-c",
        "--context",
        action="append",
        default=[],
        type=_pair,
        metavar="KEY=VALUE",
        help="a setting, such as target=local; may be given more than once",
    )
    parser.add_argument(
        "-o",
        "--output",
        default=os.environ.get("CDK_OUTDIR", str(HERE / "cdk.out")),
        metavar="DIRECTORY",
        help="where the templates go (default: infra_cdk/cdk.out)",
    )
    return parser


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise argparse.ArgumentTypeError(f"not of the form key=value: '{text}'")
    return key, value


if __name__ == "__main__":
    sys.exit(main())
