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


def container_environment(variables: Mapping[str, object], *, public: str, reachable: str) -> dict[str, str]:
    """Return what a container's environment has beyond its image's.

    `public` is the URL by which people reach LocalStack, and which the deployment has put into functions' variables;
    within a container that is the container itself, so that `reachable` takes its place.
    """
    clean = {
        name: str(value).replace(public, reachable)
        for name, value in variables.items()
        if not name.startswith(_INTERNAL)
    }
    return {
        **clean,
        "AWS_EXECUTION_ENV": "AWS_Lambda_Image",
        "LAMBDA_TASK_ROOT": "/var/task",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "TMPDIR": "/tmp",  # noqa: S108 the container's own, and all that it may write to
        "HOME": "/tmp",  # noqa: S108
    }
