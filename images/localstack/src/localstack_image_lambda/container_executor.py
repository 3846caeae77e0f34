"""`LAMBDA_RUNTIME_EXECUTOR=container`: image functions as containers of their images."""

import contextlib
import functools

from localstack import config
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion

from localstack_image_lambda import container_engine, container_reaper
from localstack_image_lambda.container_engine import Place
from localstack_image_lambda.container_sandbox import FUNCTION_LABEL, LABEL, ContainerSandbox, ContainerSpec
from localstack_image_lambda.executor import ImageExecutor, image_uri
from localstack_image_lambda.function_environment import container_environment
from localstack_image_lambda.image_map import repository_of
from localstack_image_lambda.output import Output
from localstack_image_lambda.sandbox import Sandbox, SandboxError


class ContainerExecutor(ImageExecutor):
    """Runs image functions in sibling containers of the image that has their repository's name."""

    @property
    def bind_host(self) -> str:  # type: ignore[override] known only now
        """The address that the Runtime API listens on."""
        return _place().bind_host

    @property
    def advertise_host(self) -> str:  # type: ignore[override]
        """The address by which functions reach LocalStack and the Runtime API."""
        return _place().address

    def get_address(self) -> str:
        """Return where LocalStack's side of the function is."""
        return _place().address

    def get_endpoint_from_executor(self) -> str:
        """Return LocalStack's host, seen from the function."""
        return _place().address

    def make_sandbox(self, variables: dict[str, object], output: Output) -> Sandbox:
        """Return a container under Lambda's restrictions; SandboxError."""
        function = self.function_version
        where = _place()
        override = function.config.image_config
        spec = ContainerSpec(
            image=_image(function),
            network=where.network,
            memory_mb=function.config.memory_size,
            environment=container_environment(
                variables, public=_public_url(), reachable=f"http://{where.address}:{_gateway().port}"
            ),
            labels={LABEL: where.name, FUNCTION_LABEL: function.id.function_name},
            command=tuple(override.command or ()) if override else (),
            entry_point=tuple(override.entrypoint or ()) if override else (),
            directory=(override.working_directory or "") if override else "",
        )
        return ContainerSandbox(container_engine.engine(), spec, output)

    @classmethod
    def check_image(cls, function_version: FunctionVersion) -> None:
        """Look for the function's image and the network in the engine; SandboxError."""
        _place()
        container_engine.require_image(_image(function_version))


@functools.cache  # LocalStack asks for the executor with each function; what runs by then is ours
def start() -> None:
    """Remove what an instance of the same name, that was killed, has left, and see that this one leaves nothing."""
    try:
        container_engine.remove_all(container_engine.engine(), _place().name)
        container_reaper.start(_place())
    except SandboxError:
        return  # an engine that is away, or a setting that is wrong: the first function will say so


def stop() -> None:
    """Remove every function's container."""
    with contextlib.suppress(SandboxError):
        container_engine.remove_all(container_engine.engine(), _place().name)


def _image(function_version: FunctionVersion) -> str:
    return repository_of(image_uri(function_version))


def _gateway() -> config.HostAndPort:
    return config.GATEWAY_LISTEN[0]


def _place() -> Place:
    return container_engine.place(config.LAMBDA_DOCKER_NETWORK, _gateway().host, _gateway().port)


def _public_url() -> str:
    return f"http://{config.LOCALSTACK_HOST.host}:{config.LOCALSTACK_HOST.port}"
