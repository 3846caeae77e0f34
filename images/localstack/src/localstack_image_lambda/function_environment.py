"""The environment variables of a function's process: what Lambda sets and what the function configures, no more."""

import os
from collections.abc import Mapping
from pathlib import Path

# Set by LocalStack for the init binary that it puts into containers; nothing of ours reads them.
_INTERNAL = ("LOCALSTACK_", "_AWS_XRAY_DAEMON_")


def process_environment(
    variables: Mapping[str, object], image: Mapping[str, str], *, python: str, directory: str, handler: str
) -> dict[str, str]:
    """Return a clean environment: none of the emulator's own, whose proxies, paths and secrets are not the function's.

    `variables` are the function's as LocalStack computes them, `image` those that its image sets.
    """
    clean = {name: str(value) for name, value in variables.items() if not name.startswith(_INTERNAL)}
    return {
        "PATH": os.pathsep.join([str(Path(python).parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "LANG": "C.UTF-8",
        **image,
        **clean,
        "AWS_EXECUTION_ENV": "AWS_Lambda_Image",
        "LAMBDA_TASK_ROOT": directory,
        "LAMBDA_RUNTIME_DIR": directory,
        "_HANDLER": handler,
    }
