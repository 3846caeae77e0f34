"""LocalStack's runtime executors for image functions. They connect LocalStack to an `Environment`."""

import logging
import os
import threading
import weakref
from abc import abstractmethod
from pathlib import Path

from localstack import config
from localstack.aws.api.lambda_ import LogFormat, PackageType
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import LambdaRuntimeException, RuntimeExecutor

from image_lambda_runtime.environment import Environment
from image_lambda_runtime.function_environment import process_environment
from image_lambda_runtime.image_map import ImageMapError, LocalImage, find_image
from image_lambda_runtime.life import Call, FunctionSettings
from image_lambda_runtime.output import Output
from image_lambda_runtime.process_sandbox import ProcessSandbox, ProcessSpec
from image_lambda_runtime.sandbox import Sandbox, SandboxError

LOG = logging.getLogger(__name__)

_LOOPBACK = "127.0.0.1"
_INTERNAL = ("LOCALSTACK_", "_AWS_XRAY_DAEMON_")
"""Prefixes of the variables that LocalStack sets for its init binary, which is not used here."""
_executors: "weakref.WeakSet[ImageExecutor]" = weakref.WeakSet()
_executors_lock = threading.Lock()


def recycle(function_name: str | None = None) -> int:
    """Make every environment of a function (or of all functions) start cold and return their number."""
    with _executors_lock:
        chosen = [
            executor
            for executor in _executors
            if function_name in {None, executor.function_version.id.function_name}
        ]
    for executor in chosen:
        executor.recycle()
    return len(chosen)


class ImageExecutor(RuntimeExecutor):
    """Runs the invocations of one execution environment. A subclass provides the kind of sandbox."""

    def __init__(self, id: str, function_version: FunctionVersion) -> None:  # noqa: A002 LocalStack's name
        super().__init__(id, function_version)
        self.client_context = ""
        """JSON text for the next invocation. LocalStack does not pass it (see lambda_repairs.py)."""
        self._environment: Environment | None = None
        self._variables: dict[str, str] = {}

    @abstractmethod
    def make_sandbox(self, variables: dict[str, str], output: Output) -> Sandbox:
        """Return the sandbox for the function's next process. Raises SandboxError."""

    def runtime_api_hosts(self) -> tuple[str, str]:
        """Return the address that the Runtime API listens on, and the one by which functions reach it."""
        return _LOOPBACK, _LOOPBACK

    def start(self, env_vars: dict[str, object]) -> None:
        """Prepare the environment. The process starts with the first invocation, so that its init is in that log."""
        self._variables = {
            name: str(value) for name, value in env_vars.items() if not name.startswith(_INTERNAL)
        }
        self._environment = Environment(self._settings(), self._make_sandbox)
        with _executors_lock:
            _executors.add(self)
        if env_vars.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "provisioned-concurrency":
            self._environment.start()

    def stop(self) -> None:
        """End the function's process and everything it started."""
        with _executors_lock:
            _executors.discard(self)
        if self._environment is not None:
            self._environment.stop()

    def recycle(self) -> None:
        """Make the next invocation start cold. A running one may finish."""
        if self._environment is not None:
            self._environment.recycle()

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        """Run one invocation. Its failures are answers, not exceptions."""
        if self._environment is None:
            raise LambdaRuntimeException("the execution environment has not been started")
        outcome = self._environment.invoke(
            Call(
                request_id=payload["invoke-id"],
                payload=payload["payload"].encode(),
                function_arn=payload["invoked-function-arn"],
                trace_id=payload["trace-id"],
                client_context=self.client_context,
            )
        )
        return InvocationResult(
            request_id=payload["invoke-id"],
            payload=outcome.payload,
            is_error=outcome.is_error,
            logs=outcome.log,
        )

    def get_address(self) -> str:
        """Return the function's host as LocalStack sees it."""
        return _LOOPBACK

    def get_endpoint_from_executor(self) -> str:
        """Return LocalStack's host as the function sees it."""
        return _LOOPBACK

    def get_runtime_endpoint(self) -> str:
        """Return a URL for LocalStack's own init binary, which is not used here."""
        return f"http://{self.get_endpoint_from_executor()}:{config.GATEWAY_LISTEN[0].port}"

    def get_logs(self) -> str:
        """Return nothing: a function's output goes to the log of its invocation."""
        return ""

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        """Check that the function can run here. The error's message becomes the reason of its state Failed."""
        name = function_version.id.function_name
        try:
            _require_image(function_version)
            cls.check_image(function_version)
        except (SandboxError, ImageMapError) as error:
            message = f"function {name} ({image_uri(function_version)}): {error}"
            LOG.error("Cannot run %s", message)  # noqa: TRY400 a traceback would add nothing
            raise LambdaRuntimeException(message) from error

    @classmethod
    @abstractmethod
    def check_image(cls, function_version: FunctionVersion) -> None:
        """Raise SandboxError or ImageMapError if the function's image cannot run here."""

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """Do nothing: prepare_version leaves nothing behind."""

    def _make_sandbox(self, output: Output) -> Sandbox:
        try:
            return self.make_sandbox(self._variables, output)
        except ImageMapError as error:
            raise SandboxError(f"function {self.function_version.id.function_name}: {error}") from error

    def _settings(self) -> FunctionSettings:
        function = self.function_version.config
        bind_host, advertise_host = self.runtime_api_hosts()
        return FunctionSettings(
            version=self.function_version.id.qualifier,
            timeout=float(function.timeout),
            memory_mb=function.memory_size,
            init_timeout=float(config.LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT),
            json_logs=function.logging_config.get("LogFormat") == LogFormat.JSON,
            bind_host=bind_host,
            advertise_host=advertise_host,
            max_response_bytes=config.LAMBDA_LIMITS_MAX_FUNCTION_PAYLOAD_SIZE_BYTES,
        )


class ProcessExecutor(ImageExecutor):
    """Runs image functions as local processes, with the image map's interpreters and directories."""

    def make_sandbox(self, variables: dict[str, str], output: Output) -> Sandbox:
        """Return a process that polls the Runtime API with AWS's own runtime client. Raises ImageMapError."""
        image = find_image(image_uri(self.function_version), os.environ)
        command = _command(self.function_version, image)
        environment = process_environment(
            variables, image.environment, python=image.python, directory=image.directory, handler=command[0]
        )
        scratch_root = Path(config.dirs.tmp, "functions")
        scratch_root.mkdir(parents=True, exist_ok=True)
        spec = ProcessSpec(
            (image.python, "-m", "awslambdaric", *command), image.directory, environment, str(scratch_root)
        )
        return ProcessSandbox(spec, output)

    @classmethod
    def check_image(cls, function_version: FunctionVersion) -> None:
        """Raise ImageMapError if the map has no usable entry for the function's image."""
        find_image(image_uri(function_version), os.environ)


def _require_image(function_version: FunctionVersion) -> None:
    if function_version.config.package_type != PackageType.Image:
        raise SandboxError("only functions from container images run here (package type Image)")


def image_uri(function_version: FunctionVersion) -> str:
    """Return the URI of a function's image."""
    image = function_version.config.image
    return image.image_uri if image else "no image"


def _command(function_version: FunctionVersion, image: LocalImage) -> list[str]:
    """Return the runtime's arguments. As on AWS, the function's own command replaces that of the image."""
    override = function_version.config.image_config
    return list(override.command) if override and override.command else [image.handler]
