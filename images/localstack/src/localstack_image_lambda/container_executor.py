"""`LAMBDA_RUNTIME_EXECUTOR=container` runs image functions as containers of their images."""

import contextlib
import functools

from localstack import config
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion

from image_lambda_runtime.container_sandbox import FUNCTION_LABEL, LABEL, ContainerSandbox, ContainerSpec
from image_lambda_runtime.function_environment import container_environment
from image_lambda_runtime.image_map import repository_of
from image_lambda_runtime.output import Output
from image_lambda_runtime.sandbox import Sandbox, SandboxError
from localstack_image_lambda import container_engine, container_reaper
from localstack_image_lambda.container_engine import Location
from localstack_image_lambda.executor import ImageExecutor, image_uri


class ContainerExecutor(ImageExecutor):
    """Runs image functions in containers of the local image that has their repository's name."""

    def runtime_api_hosts(self) -> tuple[str, str]:
        """Return the address that the Runtime API listens on, and the one by which functions reach it."""
        return _location().bind_host, _location().address

    def get_address(self) -> str:
        """Return the address of LocalStack on the functions' network."""
        return _location().address

    def get_endpoint_from_executor(self) -> str:
        """Return LocalStack's host as the function sees it."""
        return _location().address

    def make_sandbox(self, variables: dict[str, str], output: Output) -> Sandbox:
        """Return a container with Lambda's restrictions. Raises SandboxError."""
        function = self.function_version
        location = _location()
        override = function.config.image_config
        spec = ContainerSpec(
            image=_image(function),
            network=location.network,
            memory_mb=function.config.memory_size,
            environment=container_environment(
                variables, public=_public_url(), reachable=f"http://{location.address}:{_gateway().port}"
            ),
            labels={LABEL: location.name, FUNCTION_LABEL: function.id.function_name},
            command=tuple(override.command or ()) if override else (),
            entry_point=tuple(override.entrypoint or ()) if override else (),
            directory=(override.working_directory or "") if override else "",
        )
        return ContainerSandbox(container_engine.engine(), spec, output)

    @classmethod
    def check_image(cls, function_version: FunctionVersion) -> None:
        """Raise SandboxError if the engine lacks the network or the function's image."""
        _location()
        container_engine.require_image(_image(function_version))


@functools.cache  # LocalStack loads the executor for each function. A second run would remove our own containers
def start() -> None:
    """Remove the containers of an earlier, killed instance of the same name, and start the reaper for this one."""
    try:
        container_engine.remove_all(container_engine.engine(), _location().name)
        container_reaper.start(_location())
    except SandboxError:
        return  # no engine, or a wrong setting: the first function will report it


def stop() -> None:
    """Remove every function's container."""
    with contextlib.suppress(SandboxError):
        container_engine.remove_all(container_engine.engine(), _location().name)


def _image(function_version: FunctionVersion) -> str:
    return repository_of(image_uri(function_version))


def _gateway() -> config.HostAndPort:
    return config.GATEWAY_LISTEN[0]


def _location() -> Location:
    return container_engine.locate(config.LAMBDA_DOCKER_NETWORK, _gateway().host, _gateway().port)


def _public_url() -> str:
    return f"http://{config.LOCALSTACK_HOST.host}:{config.LOCALSTACK_HOST.port}"
