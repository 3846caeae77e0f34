"""Requests a plot from the REST API, signed with the function's own credentials."""

from dataclasses import dataclass
from typing import Any

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from requests.auth import AuthBase

from size_history.budgets import Client


class PlotError(Exception):
    """The API did not answer with a plot; the text has its status and its answer."""


@dataclass(frozen=True)
class SignedRequest(AuthBase):
    """Signs a request for API Gateway (AWS Signature Version 4, service `execute-api`)."""

    credentials: Credentials
    region: str

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Return the request with the signature's headers; it covers method, URL, body and content type."""
        signed = AWSRequest(
            method=request.method,
            url=request.url,
            data=request.body,
            headers={"Content-Type": request.headers["Content-Type"]},
        )
        SigV4Auth(self.credentials, "execute-api", self.region).add_auth(signed)
        request.headers.update(dict(signed.headers.items()))
        return request


def request_plot(
    api_url: str, *, auth: AuthBase, bucket: str, since: str, limits: Client
) -> tuple[int, dict[str, Any]]:
    """Have the bucket's history since an instant (ISO-8601) drawn and stored; return the API's status and answer.

    Raises PlotError if the API refuses, or does not answer with JSON.
    """
    url = api_url.rstrip("/") + "/plot"
    try:
        answer = requests.post(
            url,
            json={"bucket": bucket, "from": since},
            auth=auth,
            timeout=(limits.connect_seconds, limits.read_seconds),  # one number would be the limit of each
        )
    except requests.RequestException as error:
        raise PlotError(f"plot: {url} did not answer: {error}") from error
    if not answer.ok:
        raise PlotError(f"plot: {url} answered {answer.status_code}: {answer.text[:500]}")
    try:
        plot: dict[str, Any] = answer.json()
    except requests.JSONDecodeError as error:
        raise PlotError(
            f"plot: {url} answered {answer.status_code} without JSON: {answer.text[:500]}"
        ) from error
    return answer.status_code, plot
