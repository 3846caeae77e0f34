"""Gives each LocalStack directories and a listening address of its own."""

import functools
import shutil
from collections.abc import Callable
from pathlib import Path

from localstack import config
from localstack.runtime.server.twisted import TwistedRuntimeServer
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.utils.patch import patch
from plux import PluginManager
from plux.runtime.cache import EntryPointsCache
from twisted.internet import endpoints, reactor
from twisted.internet.error import ReactorNotRunning

from localstack_image_lambda import catalog
from localstack_image_lambda.launch_error import LaunchError


def apply(state: Path, host: str) -> None:
    """Move every directory that LocalStack writes below `state`, and bind its server to `host` alone."""
    config.dirs = config.Directories(
        static_libs=str(catalog.DIRECTORY),  # only read; everything is written below `state`
        var_libs=str(state / "lib"),
        cache=str(state / "cache"),
        tmp=str(state / "tmp" / "localstack"),
        mounted_tmp=str(state / "tmp" / "mounted"),
        functions=str(state / "tmp" / "mounted"),
        data=str(state / "data"),
        config=str(state / "config"),
        init=str(state / "init"),
        logs=str(state / "logs"),
    )
    _forget_entry_points(state / "cache" / "plux")
    patch(TwistedRuntimeServer.shutdown)(_stop_even_before_the_start)
    # LocalStack passes only a port, which means all interfaces.
    endpoints.TCP4ServerEndpoint = functools.partial(endpoints.TCP4ServerEndpoint, interface=host)


def require_executor(name: str) -> None:
    """Raise LaunchError if there is no such executor. LocalStack would fall back to its own, which needs Docker."""
    executors = PluginManager(RuntimeExecutorPlugin.namespace)
    if not executors.exists(name):
        known = ", ".join(sorted(executors.list_names()))
        raise LaunchError(f"LAMBDA_RUNTIME_EXECUTOR={name}: no such executor (there are: {known})")


def _stop_even_before_the_start(original: Callable[..., None], self: TwistedRuntimeServer) -> None:
    """Stop even if the signal comes while LocalStack still starts. Otherwise it would keep running."""
    try:
        original(self)
    except ReactorNotRunning:
        reactor.callFromThread(reactor.stop)


def _forget_entry_points(cache: Path) -> None:
    """Make plux read the entry points again.

    Its cache in the user's home has a resolution of two minutes and would hide a package that was installed since.
    """
    shutil.rmtree(cache, ignore_errors=True)
    EntryPointsCache.instance()._cache_dir = cache  # noqa: SLF001 there is no setting for it
