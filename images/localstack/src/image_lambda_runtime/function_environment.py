"""The environment variables of a function's process: only those that Lambda sets and the function configures."""

import os
from collections.abc import Mapping
from pathlib import Path


def process_environment(
    variables: Mapping[str, str], image: Mapping[str, str], *, python: str, directory: str, handler: str
) -> dict[str, str]:
    """Return the complete environment of a process: the emulator's own proxies, paths and secrets stay out.

    `variables` are Lambda's and the function's. `image` holds those that its image sets.
    """
    return {
        "PATH": os.pathsep.join([str(Path(python).parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "LANG": "C.UTF-8",
        **image,
        **variables,
        "AWS_EXECUTION_ENV": "AWS_Lambda_Image",
        "LAMBDA_TASK_ROOT": directory,
        "LAMBDA_RUNTIME_DIR": directory,
        "_HANDLER": handler,
    }


def container_environment(variables: Mapping[str, str], *, public: str, reachable: str) -> dict[str, str]:
    """Return the variables that a container gets in addition to its image's.

    `public` is the emulator's URL on the developer's machine, and deployments put it into functions' variables. Within
    a container that address means the container itself, so `reachable` replaces it.
    """
    return {
        **{name: value.replace(public, reachable) for name, value in variables.items()},
        "AWS_EXECUTION_ENV": "AWS_Lambda_Image",
        "LAMBDA_TASK_ROOT": "/var/task",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "TMPDIR": "/tmp",  # noqa: S108 the container's own, the only directory that it may write to
        "HOME": "/tmp",  # noqa: S108
    }
