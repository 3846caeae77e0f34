"""A DynamoDB provider that forwards every call to an engine of your choice behind LocalStack's one endpoint.

The engine is any server that speaks DynamoDB's protocol and keeps tables per account and region of the request's
credential. LocalStack determines account and region before it calls a provider. The forwarded credential names both.
"""

import http.client
import json
import os
import time
from collections import deque
from http import HTTPStatus
from urllib.parse import urlsplit

from localstack.aws.api import CommonServiceException, RequestContext, ServiceRequest
from localstack.aws.skeleton import DispatchTable
from localstack.aws.spec import load_service
from localstack.http import Response
from localstack.services.plugins import Service, ServiceLifecycleHook

ENGINE_VARIABLE = "DYNAMODB_ENGINE_URL"
_SERVICE = "dynamodb"
_TIMEOUT_SECONDS = 60.0
# The engine closes idle connections. If it closed one during a request, that would look like a lost answer.
_MAX_IDLE_SECONDS = 2.0
_NOT_FORWARDED = {"connection", "transfer-encoding", "content-length", "date", "server", "keep-alive"}
_FORWARDED = ("Content-Type", "User-Agent", "Accept-Encoding")
_TARGET_PREFIX = "DynamoDB_20120810"


class Engine(ServiceLifecycleHook):
    """Forwards calls over kept-alive connections, each used by one call at a time."""

    service = _SERVICE

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self._address = urlsplit(url)
        self._idle: deque[tuple[float, http.client.HTTPConnection]] = deque()

    def dispatch_table(self) -> DispatchTable:
        """Return the handler of every operation. It is always the same."""
        return dict.fromkeys(load_service(_SERVICE).operation_names, self.forward)

    def forward(self, context: RequestContext, request: ServiceRequest | None) -> Response:
        """Forward the request and return the engine's answer unchanged."""
        if request and _only_adds_own_region(context, request):
            table = self._exchange(
                context, "DescribeTable", json.dumps({"TableName": request["TableName"]}).encode()
            )
            if table.status_code == HTTPStatus.OK:
                table.set_data(json.dumps({"TableDescription": json.loads(table.data)["Table"]}))
                table.headers.pop("X-Amz-Crc32", None)  # it was computed for the original body
            return table
        return self._exchange(context, context.operation.name, context.request.get_data())

    def on_before_stop(self) -> None:
        """Close the connections."""
        while self._idle:
            self._idle.pop()[1].close()

    def _exchange(self, context: RequestContext, operation: str, body: bytes) -> Response:
        connection = self._connection()
        try:
            connection.request("POST", "/", body=body, headers=_headers(context, operation))
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise CommonServiceException(
                "InternalServerError",
                f"The DynamoDB engine at {self.url} broke the connection: {error}",
                status_code=500,
            ) from error
        self._give_back(connection, reusable=not answer.will_close)
        headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in _NOT_FORWARDED]
        return Response(body, status=answer.status, headers=headers)

    def _connection(self) -> http.client.HTTPConnection:
        while self._idle:
            returned, connection = self._idle.pop()
            if time.monotonic() - returned < _MAX_IDLE_SECONDS:
                return connection
            connection.close()
        connection = http.client.HTTPConnection(
            self._address.hostname or "", self._address.port, timeout=_TIMEOUT_SECONDS
        )
        try:
            connection.connect()
        except OSError as error:
            # Not a 5xx: clients would retry for half a minute before they show the message.
            raise CommonServiceException(
                "EngineUnavailable",
                f"The DynamoDB engine at {self.url} does not answer ({error}): start it, or unset {ENGINE_VARIABLE}",
                status_code=400,
            ) from error
        return connection

    def _give_back(self, connection: http.client.HTTPConnection, *, reusable: bool) -> None:
        if reusable:
            self._idle.append((time.monotonic(), connection))
        else:
            connection.close()


def engine_service() -> Service:
    """Return LocalStack's DynamoDB service, served by the engine at DYNAMODB_ENGINE_URL."""
    engine = Engine(os.environ.get(ENGINE_VARIABLE, ""))
    return Service.for_provider(engine, dispatch_table_factory=lambda provider: provider.dispatch_table())


def _only_adds_own_region(context: RequestContext, request: ServiceRequest) -> bool:
    """Say whether a request asks a global table to replicate itself to its own region.

    LocalStack's CloudFormation does this for every global table (CDK's TableV2), although AWS refuses it.
    """
    if context.operation.name != "UpdateTable" or set(request) != {"TableName", "ReplicaUpdates"}:
        return False
    return all(update.get("Create") == {"RegionName": context.region} for update in request["ReplicaUpdates"])


def _headers(context: RequestContext, operation: str) -> dict[str, str]:
    """Return the headers to forward, with a credential that names the account and region."""
    headers = {name: context.request.headers[name] for name in _FORWARDED if name in context.request.headers}
    scope = f"{context.account_id}/{time.strftime('%Y%m%d', time.gmtime())}/{context.region}/{_SERVICE}/aws4_request"
    headers["X-Amz-Target"] = f"{_TARGET_PREFIX}.{operation}"
    headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=unchecked"
    return headers
