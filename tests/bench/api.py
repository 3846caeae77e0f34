"""`make bench-api`: the read API cold and warm, the requests to DynamoDB per answer, and the time of a picture.

One run measures everything by turns, so that other work on the machine disturbs all alike. In the handler means the
function's code against the DynamoDB engine, without a gateway. Over HTTP means the running local environment.
"""

import json
import os
import subprocess
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import requests

from plotting import handler as plotting_handler
from plotting import picture
from size_history.times import to_text
from tests.bench import pyplot_chart
from tests.bench.api_ranges import measure, section
from tests.bench.api_report import SAMPLES, WINDOW, Measured, report
from tests.bench.api_world import Tables, change, tracked
from tests.bench.command import Dry, run
from tests.bench.report import ROOT, publish
from tests.e2e.environment import Environment
from tests.engine import client_of, create_tables, running_engine
from tests.unit.plotting.charts import CHARTS
from tidemark.errors import CommandError

MANY_SAMPLES = 5000
LONG_KEYS = ("k" * 400, "l" * 400)
"""Changed keys that make a row 1 kB, so that a thousand rows fill DynamoDB's page of 1 MB."""
SERVICE_PYTHON = ROOT / ".venvs" / "plotting" / "bin" / "python"
CONTEXT = SimpleNamespace(aws_request_id="bench")
PICTURES = ("driver", "500-samples", "50000-samples")


@dataclass(frozen=True, eq=False)
class Route:
    """A request to measure."""

    title: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    changed: bool = False
    """Whether the bucket changes before each request."""

    @property
    def method(self) -> str:
        """The method, with which the title begins."""
        return self.title.split()[0]

    @property
    def path(self) -> str:
        """The path, without the query or the remark that follow it in the title."""
        return self.title.split()[1].partition("?")[0].rstrip(",")

    @property
    def body(self) -> dict[str, Any] | None:
        """The body of a POST."""
        if self.method != "POST":
            return None
        return {"bucket": self.query["bucket"], "window": float(self.query["window"])}


def routes(bucket: str, at: str) -> list[Route]:
    """Return what is measured, in the order of the table."""
    of_bucket = {"bucket": bucket}
    window = {**of_bucket, "window": str(WINDOW)}
    return [
        Route("GET /health"),
        Route("GET /"),
        Route("GET /openapi.yaml"),
        Route("GET /size", of_bucket),
        Route("GET /size?at=", {**of_bucket, "at": at}),
        Route("GET /count", of_bucket),
        Route("GET /buckets"),
        Route("GET /prefixes", of_bucket),
        Route("GET /prefixes, changed", of_bucket, changed=True),
        Route("GET /history", window),
        Route("GET /history?format=csv", {**window, "format": "csv"}),
        Route("GET /plot?format=json", {**window, "format": "json"}),
        Route("GET /plot, 304", window, {"If-None-Match": "*"}),
        Route("GET /plot?format=svg", {**window, "format": "svg"}),
        Route("GET /plot", window),
        Route("POST /plot", window),
    ]


def in_handler(route: Route) -> dict[str, Any]:
    """Call the handler as API Gateway does."""
    event = {
        "httpMethod": route.method,
        "resource": route.path,
        "path": route.path,
        "queryStringParameters": None if route.body else dict(route.query),
        "headers": dict(route.headers),
        "body": json.dumps(route.body) if route.body else None,
    }
    answer = plotting_handler.handler(event, CONTEXT)
    if answer["statusCode"] not in {200, 304}:
        raise CommandError(f"{route.title} answered {answer['statusCode']}: {answer['body']}")
    return answer


def over_http(session: requests.Session, url: str, route: Route) -> None:
    """Send a request to the local API and read the whole answer."""
    request = {"json": route.body} if route.body else {"params": route.query, "headers": route.headers}
    answer = session.request(route.method, url + route.path[1:], timeout=60, **request)
    if answer.status_code not in {200, 304}:
        raise CommandError(f"{route.title} answered {answer.status_code}: {answer.text[:200]}")


@contextmanager
def engine_world() -> Iterator[Tables]:
    """Run an engine of our own, point the handler's environment to it, and yield its tables."""
    with running_engine() as engine:
        client = client_of(engine.url)
        tables = create_tables(client)
        client_of(engine.url, "s3").create_bucket(Bucket="plots")
        queue = client_of(engine.url, "sqs").create_queue(QueueName="tracking")["QueueUrl"]
        os.environ.update(
            HISTORY_TABLE=tables.history,
            LEDGER_TABLE=tables.ledger,
            SIZE_INDEX=tables.size_index,
            DATA_BUCKET="data-bucket",
            PLOT_BUCKET="plots",
            QUEUE_URL=queue,
            DLQ_URL=queue,
            RULE_DLQ_URL=queue,
            CORS_ORIGIN="*",
            AWS_ENDPOINT_URL=engine.url,
            AWS_ACCESS_KEY_ID="test",
            AWS_SECRET_ACCESS_KEY="test",
            AWS_DEFAULT_REGION="us-east-1",
            AWS_REGION="us-east-1",
        )
        plotting_handler.sources.cache_clear()
        plotting_handler._settings.cache_clear()
        yield Tables(client, tables.history, tables.ledger)


@contextmanager
def counting(reads: Counter[str]) -> Iterator[None]:
    """Count the handler's requests to DynamoDB."""
    events = plotting_handler.sources().history._client.meta.events

    def count(model: Any, **_: Any) -> None:
        reads[model.name] += 1

    events.register("before-call.dynamodb", count)
    try:
        yield
    finally:
        events.unregister("before-call.dynamodb", count)


def warm(environment: Environment, rounds: int) -> dict[str, Measured]:
    """Measure each route, in the handler and over HTTP by turns."""
    bucket = f"bench-{uuid.uuid4().hex[:12]}"
    local = Tables(environment.client("dynamodb"), environment.history_table, environment.ledger_table)
    with ExitStack() as stack:
        stack.enter_context(tracked(local, bucket, SAMPLES))
        world = stack.enter_context(engine_world())
        times = stack.enter_context(tracked(world, bucket, SAMPLES))
        session = stack.enter_context(requests.Session())
        measured = {route: Measured() for route in routes(bucket, to_text(times[SAMPLES // 2]))}
        for route, one in measured.items():
            if route.changed:
                change(world, bucket)
            with counting(one.reads):
                answer = in_handler(route)
            one.size = len(json.dumps(answer)) if route.path != "/" else len(answer["body"])
            over_http(session, environment.api_url, route)
        for _ in range(rounds):
            for route, one in measured.items():
                if route.changed:
                    change(world, bucket)
                    change(local, bucket)
                one.handler.append(_seconds(in_handler, route))
                one.http.append(_seconds(over_http, session, environment.api_url, route))
    return {route.title: one for route, one in measured.items()}


def pages(samples: int) -> dict[str, Counter[str]]:
    """Count DynamoDB's requests for many samples: for the picture's data, and for all pages of the history."""
    counted: dict[str, Counter[str]] = {"GET /plot": Counter(), "GET /history, all pages": Counter()}
    with engine_world() as world, tracked(world, "long-history", samples, LONG_KEYS):
        query = {"bucket": "long-history", "window": str(2 * samples)}
        with counting(counted["GET /plot"]):
            in_handler(Route("GET /plot", {**query, "format": "json"}))
        with counting(counted["GET /history, all pages"]):
            while query:
                next_cursor = json.loads(in_handler(Route("GET /history", query))["body"])["next"]
                query = {"cursor": next_cursor} if next_cursor else {}
    return counted


COLD = """
import json, sys
{first}
from plotting.handler import handler
answer = handler(json.loads(sys.argv[1]), None)
assert answer["statusCode"] == 200, answer
"""


def cold(starts: int) -> dict[str, list[float]]:
    """Measure a new process up to its first answer, in the service's own environment, by turns."""
    bucket = "cold-start"
    size, plot = (
        Route("GET /size", {"bucket": bucket}),
        Route("GET /plot", {"bucket": bucket, "window": str(WINDOW)}),
    )
    cases = {
        "no picture: `GET /size`": ("", size),
        "the same with matplotlib imported first": ("import plotting.picture", size),
        "a picture: `GET /plot`": ("", plot),
    }
    took: dict[str, list[float]] = {name: [] for name in cases}
    with engine_world() as world, tracked(world, bucket, SAMPLES):
        for number in range(starts + 1):
            for name, (first, route) in cases.items():
                event = {"httpMethod": "GET", "path": route.path, "queryStringParameters": dict(route.query)}
                command = [SERVICE_PYTHON, "-c", COLD.format(first=first), json.dumps(event)]
                seconds = _seconds(subprocess.run, command, check=True, stdout=subprocess.DEVNULL)
                if number:  # the first start fills the file cache
                    took[name].append(seconds)
    return took


def rendering(rounds: int) -> dict[str, tuple[list[float], list[float]]]:
    """Measure the drawing of some charts, by our code and by pyplot, by turns."""
    took: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in PICTURES}
    for number in range(rounds + 1):
        for name, times in took.items():
            for draw, seconds in zip((picture.draw, pyplot_chart.draw), times, strict=True):
                spent = _seconds(draw, CHARTS[name])
                if number:
                    seconds.append(spent)
    return took


def _seconds(call: Callable[..., object], *arguments: Any, **named: Any) -> float:
    began = time.perf_counter()
    call(*arguments, **named)
    return time.perf_counter() - began


def main(rounds: int = 40, starts: int = 7, *, dry: Dry = False) -> None:
    """Measure; write docs/benchmarks.md. `rounds` are warm requests per route, `starts` are cold starts per kind."""
    if not SERVICE_PYTHON.exists():
        raise CommandError(f"{SERVICE_PYTHON} is missing: run `make install`")
    environment = Environment.from_env()
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):  # the handler prints metrics
        text = report(
            warm(environment, rounds),
            pages(MANY_SAMPLES),
            section(measure(rounds)),
            cold(starts),
            rendering(rounds),
        )
    publish("api", text, dry=dry)


if __name__ == "__main__":
    run(main)
