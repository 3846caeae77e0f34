"""The environment variables of a function's process: only those that Lambda sets and the function configures."""

import os
from collections.abc import Mapping
from pathlib import Path

# LocalStack sets these for its init binary, which is not used here.
_INTERNAL = ("LOCALSTACK_", "_AWS_XRAY_DAEMON_")


def process_environment(
    variables: Mapping[str, object], image: Mapping[str, str], *, python: str, directory: str, handler: str
) -> dict[str, str]:
    """Return an environment without LocalStack's own variables: its proxies, paths and secrets stay out.

    `variables` are the function's as LocalStack computes them. `image` holds those that its image sets.
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
    """Return the variables that a container gets in addition to its image's.

    `public` is LocalStack's URL on the developer's machine, and deployments put it into functions' variables. Within
    a container that address means the container itself, so `reachable` replaces it.
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
        "TMPDIR": "/tmp",  # noqa: S108 the container's own, the only directory that it may write to
        "HOME": "/tmp",  # noqa: S108
    }
