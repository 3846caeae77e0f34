"""Keeps one LocalStack apart from the next, and from the network: its directories, its address."""

import functools
import shutil
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
        static_libs=str(catalog.DIRECTORY),  # read only; everything that is written goes below the state
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
    # LocalStack passes a port and no interface, which means all of them.
    endpoints.TCP4ServerEndpoint = functools.partial(endpoints.TCP4ServerEndpoint, interface=host)


def require_executor(name: str) -> None:
    """Raise LaunchError if there is no such executor: LocalStack would fall back to its own, which needs Docker."""
    executors = PluginManager(RuntimeExecutorPlugin.namespace)
    if not executors.exists(name):
        known = ", ".join(sorted(executors.list_names()))
        raise LaunchError(f"LAMBDA_RUNTIME_EXECUTOR={name}: no such executor (there are: {known})")


def _stop_even_before_the_start(original, self: TwistedRuntimeServer) -> None:  # noqa: ANN001 a patched method
    """Keep a signal that comes while LocalStack still starts: it would fail to stop, and run on."""
    try:
        original(self)
    except ReactorNotRunning:
        reactor.callFromThread(reactor.stop)


def _forget_entry_points(cache: Path) -> None:
    """Let plux look entry points up anew.

    It caches them under the user's home by times rounded to two minutes: what was installed meanwhile is not seen.
    """
    shutil.rmtree(cache, ignore_errors=True)
    EntryPointsCache.instance()._cache_dir = cache  # noqa: SLF001 there is no setting for it
