"""`make bench-api`: how fast the read API answers, cold and warm, what an answer reads, and what a picture costs.

Everything is measured in one run, in turns, so that what disturbs one disturbs all. In the handler: the function's own
code against the DynamoDB engine, without a gateway. Over HTTP: the running local environment, LocalStack and all.
Writes its section of docs/benchmarks.md.
"""

import argparse
import json
import os
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import requests

from plotting import handler as plotting_handler
from size_history.times import to_text
from tests.bench import pyplot_chart
from tests.bench.api_report import SAMPLES, WINDOW, Measured, report
from tests.bench.api_world import Tables, change, tracked
from tests.bench.report import ROOT, write_section
from tests.e2e.environment import Environment, NoEnvironmentError
from tests.engine import EngineError, client_of, create_tables, running_engine
from tests.unit.plotting.charts import CHARTS

LONG = 5000
LONG_KEYS = ("k" * 400, "l" * 400)
"""Changed keys that make a row 1 kB, so that a thousand of them are DynamoDB's page of 1 MB."""
SERVICE_PYTHON = ROOT / ".venvs" / "plotting" / "bin" / "python"
CONTEXT = SimpleNamespace(aws_request_id="bench")
PICTURES = ("driver", "500-samples", "50000-samples")


@dataclass(frozen=True)
class Route:
    """A request to measure."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    changed: bool = False
    """Whether the bucket changes before each request."""


def routes(bucket: str, at: str) -> list[Route]:
    """Return what is measured, in the order of the table."""
    of_bucket = {"bucket": bucket}
    window = {**of_bucket, "window": str(WINDOW)}
    return [
        Route("GET", "/health"),
        Route("GET", "/"),
        Route("GET", "/openapi.yaml"),
        Route("GET", "/size", of_bucket),
        Route("GET", "/size", {**of_bucket, "at": at}, name="GET /size?at="),
        Route("GET", "/count", of_bucket),
        Route("GET", "/buckets"),
        Route("GET", "/prefixes", of_bucket),
        Route("GET", "/prefixes", of_bucket, name="GET /prefixes, changed", changed=True),
        Route("GET", "/history", window),
        Route("GET", "/history", {**window, "format": "csv"}, name="GET /history?format=csv"),
        Route("GET", "/plot", {**window, "format": "json"}, name="GET /plot?format=json"),
        Route("GET", "/plot", window, {"If-None-Match": "*"}, name="GET /plot, 304"),
        Route("GET", "/plot", {**window, "format": "svg"}, name="GET /plot?format=svg"),
        Route("GET", "/plot", window),
        Route("POST", "/plot", window),
    ]


def title(route: Route) -> str:
    """Return a route's name in the table."""
    return route.name or f"{route.method} {route.path}"


def in_handler(route: Route) -> dict[str, Any]:
    """Call the handler as API Gateway does."""
    body = None
    if route.method == "POST":
        body = json.dumps({"bucket": route.query["bucket"], "window": float(route.query["window"])})
    answer = plotting_handler.handler(
        {
            "httpMethod": route.method,
            "resource": route.path,
            "path": route.path,
            "queryStringParameters": None if body else dict(route.query),
            "headers": dict(route.headers),
            "body": body,
        },
        CONTEXT,
    )
    if answer["statusCode"] not in {200, 304}:
        raise SystemExit(f"bench-api: {title(route)} answered {answer['statusCode']}: {answer['body']}")
    return answer


def over_http(session: requests.Session, url: str, route: Route) -> None:
    """Ask the local API and read the whole answer."""
    if route.method == "POST":
        body = {"bucket": route.query["bucket"], "window": float(route.query["window"])}
        answer = session.post(url + route.path[1:], json=body, timeout=60)
    else:
        answer = session.get(url + route.path[1:], params=route.query, headers=route.headers, timeout=60)
    if answer.status_code not in {200, 304}:
        raise SystemExit(f"bench-api: {title(route)} answered {answer.status_code}: {answer.text[:200]}")


@contextmanager
def engine_world() -> Iterator[Tables]:
    """Yield the tables of an engine of our own, with the handler's environment set to them."""
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
            CORS_ORIGIN="*",
            AWS_ENDPOINT_URL=engine.url,
            AWS_ACCESS_KEY_ID="test",
            AWS_SECRET_ACCESS_KEY="test",
            AWS_DEFAULT_REGION="us-east-1",
            AWS_REGION="us-east-1",
        )
        plotting_handler.sources.cache_clear()
        yield Tables(client, tables.history, tables.ledger)


@contextmanager
def counting(reads: Counter[str]) -> Iterator[None]:
    """Count what the handler asks DynamoDB for."""
    events = plotting_handler.sources().history._client.meta.events

    def count(model: Any, **_: Any) -> None:
        reads[model.name] += 1

    events.register("before-call.dynamodb", count)
    try:
        yield
    finally:
        events.unregister("before-call.dynamodb", count)


def warm(environment: Environment, rounds: int) -> dict[str, Measured]:
    """Return what each route took, the handler and HTTP in turns."""
    bucket = f"bench-{uuid.uuid4().hex[:12]}"
    local = Tables(environment.client("dynamodb"), environment.history_table, environment.ledger_table)
    measured: dict[str, Measured] = {}
    with ExitStack() as stack:
        stack.enter_context(tracked(local, bucket, SAMPLES))
        world = stack.enter_context(engine_world())
        times = stack.enter_context(tracked(world, bucket, SAMPLES))
        session = stack.enter_context(requests.Session())
        asked = routes(bucket, to_text(times[SAMPLES // 2]))
        for route in asked:
            one = measured[title(route)] = Measured()
            if route.changed:
                change(world, bucket)
            with counting(one.reads):
                answer = in_handler(route)
            one.size = len(json.dumps(answer)) if route.path != "/" else len(answer["body"])
            over_http(session, environment.api_url, route)
        for _ in range(rounds):
            for route in asked:
                one = measured[title(route)]
                if route.changed:
                    change(world, bucket)
                    change(local, bucket)
                one.handler.append(_seconds(lambda route=route: in_handler(route)))
                one.http.append(_seconds(lambda route=route: over_http(session, environment.api_url, route)))
    return measured


def pages(samples: int) -> dict[str, Counter[str]]:
    """Return what a long range takes: DynamoDB's requests for the picture's data, and for all pages of the history."""
    counted: dict[str, Counter[str]] = {"GET /plot": Counter(), "GET /history, all pages": Counter()}
    with engine_world() as world, tracked(world, "long-history", samples, LONG_KEYS):
        query = {"bucket": "long-history", "window": str(2 * samples)}
        with counting(counted["GET /plot"]):
            in_handler(Route("GET", "/plot", {**query, "format": "json"}))
        with counting(counted["GET /history, all pages"]):
            following: str | None = ""
            while following is not None:
                more = {"cursor": following} if following else query
                following = json.loads(in_handler(Route("GET", "/history", more))["body"])["next"]
    return counted


COLD = """
import json, sys
{first}
from plotting.handler import handler
answer = handler(json.loads(sys.argv[1]), None)
assert answer["statusCode"] == 200, answer
"""


def cold(starts: int) -> dict[str, list[float]]:
    """Return how long a new process takes to its first answer, in the service's own environment, in turns."""
    bucket = "cold-start"
    cases = {
        "no picture: `GET /size`": ("", Route("GET", "/size", {"bucket": bucket})),
        "the same with matplotlib imported first": (
            "import plotting.picture",
            Route("GET", "/size", {"bucket": bucket}),
        ),
        "a picture: `GET /plot`": ("", Route("GET", "/plot", {"bucket": bucket, "window": str(WINDOW)})),
    }
    took: dict[str, list[float]] = {name: [] for name in cases}
    with engine_world() as world, tracked(world, bucket, SAMPLES):
        for number in range(starts + 1):
            for name, (first, route) in cases.items():
                event = {"httpMethod": "GET", "path": route.path, "queryStringParameters": dict(route.query)}
                arguments = [SERVICE_PYTHON, "-c", COLD.format(first=first), json.dumps(event)]
                seconds = _seconds(
                    lambda arguments=arguments: subprocess.run(
                        arguments, check=True, stdout=subprocess.DEVNULL
                    )
                )
                if number:  # the first fills the file cache
                    took[name].append(seconds)
    return took


def rendering(rounds: int) -> dict[str, tuple[list[float], list[float]]]:
    """Return what drawing takes, ours and pyplot's, chart by chart and in turns."""
    from plotting import picture  # noqa: PLC0415 - the cold starts above are of other processes, but so it stays clear

    took: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in PICTURES}
    for number in range(rounds + 1):
        for name, (ours, pyplots) in took.items():
            chart = CHARTS[name]
            mine, theirs = (
                _seconds(lambda c=chart: picture.draw(c)),
                _seconds(lambda c=chart: pyplot_chart.draw(c)),
            )
            if number:
                ours.append(mine)
                pyplots.append(theirs)
    return took


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write the section and return the exit code."""
    parser = argparse.ArgumentParser(prog="bench-api", description="How fast the read API answers.")
    parser.add_argument("--rounds", type=int, default=40, help="warm requests to each route (default: 40)")
    parser.add_argument("--starts", type=int, default=7, help="cold starts of each kind (default: 7)")
    parser.add_argument(
        "--print", action="store_true", help="print the section and leave docs/benchmarks.md as it is"
    )
    options = parser.parse_args(arguments)
    if not Path(SERVICE_PYTHON).exists():
        print(f"bench-api: {SERVICE_PYTHON} is missing: run `make install`", file=sys.stderr)
        return 2
    try:
        environment = Environment.from_env()
        with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):  # the handler prints metrics
            measured = warm(environment, options.rounds)
            text = report(measured, pages(LONG), cold(options.starts), rendering(options.rounds))
    except (NoEnvironmentError, EngineError) as error:
        print(f"bench-api: {error}", file=sys.stderr)
        return 2
    print(text)
    if not options.print:
        write_section("api", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
