"""Runs the invocations of MiniStack's image functions, each environment in a process of its own."""

import json
import os
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from image_lambda_runtime.environment import Environment
from image_lambda_runtime.function_environment import process_environment
from image_lambda_runtime.image_map import ImageMapError, find_image
from image_lambda_runtime.life import Call, FunctionSettings
from image_lambda_runtime.output import Output
from image_lambda_runtime.process_sandbox import ProcessSandbox, ProcessSpec
from image_lambda_runtime.sandbox import SandboxError

Config = Mapping[str, Any]
"""The configuration of one version of a function, as MiniStack keeps it."""
Version = tuple[str, str]
"""A function's name and version."""


class Executor:
    """Keeps the execution environments. Each serves one version of a function, one invocation at a time.

    `credentials` returns the variables with the credentials of a function's role.
    """

    def __init__(self, endpoint: str, credentials: Callable[[Config], Mapping[str, str]]) -> None:
        self._endpoint = endpoint
        self._credentials = credentials
        self._lock = threading.Lock()
        self._in_service: defaultdict[Version, list[Environment]] = defaultdict(list)
        self._busy: set[Environment] = set()

    def execute(self, function: Mapping[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        """Run one invocation and return its result in MiniStack's form. A failure is a result too."""
        config: Config = function["config"]
        version = config["FunctionName"], config["Version"]
        environment = self._take(version, config)
        try:
            outcome = environment.invoke(Call(request_id, json.dumps(event).encode(), config["FunctionArn"]))
        finally:
            self._give_back(version, environment)
        return {
            "body": json.loads(outcome.payload or b"null"),
            "error": outcome.is_error,
            "log": outcome.log,
            "log_source": "rie",  # or MiniStack adds START, END and REPORT once more
        }

    def discard(self, name: str, qualifier: str | None = None, **_scope: str) -> None:
        """End the environments of a version, or of all versions. A running invocation may finish."""
        with self._lock:
            versions = [each for each in self._in_service if each[0] == name and qualifier in {None, each[1]}]
            ended = {environment for version in versions for environment in self._in_service.pop(version)}
            ended -= self._busy
        for environment in ended:
            environment.stop()

    def stop(self) -> None:
        """End every environment now, even during an invocation."""
        with self._lock:
            every = self._busy.union(*self._in_service.values())
        for environment in every:
            environment.stop()

    def _take(self, version: Version, config: Config) -> Environment:
        with self._lock:
            idle = [each for each in self._in_service[version] if each not in self._busy]
            if not idle:
                idle = [Environment(_settings(config), partial(self._sandbox, config))]
                self._in_service[version] += idle
            self._busy.add(idle[0])
            return idle[0]

    def _give_back(self, version: Version, environment: Environment) -> None:
        with self._lock:
            self._busy.discard(environment)
            discarded = environment not in self._in_service[version]
        if discarded:
            environment.stop()

    def _sandbox(self, config: Config, output: Output) -> ProcessSandbox:
        try:
            image = find_image(config["ImageUri"], os.environ)
        except ImageMapError as error:
            raise SandboxError(f"function {config['FunctionName']}: {error}") from error
        override = config.get("ImageConfigResponse", {}).get("ImageConfig", {}).get("Command")
        command = override or [image.handler]
        environment = process_environment(
            self._variables(config),
            image.environment,
            python=image.python,
            directory=image.directory,
            handler=command[0],
        )
        runtime = (image.python, "-m", "awslambdaric", *command)
        return ProcessSandbox(
            ProcessSpec(runtime, image.directory, environment, tempfile.gettempdir()), output
        )

    def _variables(self, config: Config) -> dict[str, str]:
        name, region = config["FunctionName"], config["FunctionArn"].split(":")[3]
        return {
            "AWS_ENDPOINT_URL": self._endpoint,
            **config.get("Environment", {}).get("Variables", {}),
            **self._credentials(config),
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": config["Version"],
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config["MemorySize"]),
            "AWS_LAMBDA_LOG_GROUP_NAME": config["LoggingConfig"].get("LogGroup", f"/aws/lambda/{name}"),
            "AWS_LAMBDA_LOG_STREAM_NAME": "unknown",  # MiniStack begins a stream for each invocation, after its end
            "TZ": ":UTC",
        }


def _settings(config: Config) -> FunctionSettings:
    return FunctionSettings(
        version=config["Version"],
        timeout=float(config["Timeout"]),
        memory_mb=config["MemorySize"],
        json_logs=config["LoggingConfig"].get("LogFormat") == "JSON",
    )
