"""The time from a put to its sample: for this tracker, for a listing tracker and for the floor, in one run.

    make bench-latency

The three take turns on buckets of their own, so that other work on the machine disturbs all alike. The floor is the time
until a rule invokes an empty function. No tracker can be faster.
"""

import json
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from size_history import items
from tests.bench.command import run
from tests.bench.report import ROOT
from tests.e2e.environment import Environment
from tests.e2e.tracked_bucket import notifying_bucket, tracked_bucket
from tests.waiting import until
from tidemark.local.state import DEFAULT
from tidemark.options import State

WARM_UP = 3
OBJECTS = 20
"""Objects in each bucket beforehand. They are few, which favours the listing tracker."""
MAX_SECONDS = 30


@dataclass
class Contestant:
    """A bucket, and a way to see that a put has arrived."""

    name: str
    bucket: str
    arrived: Callable[[str], float]
    """Waits for the sample of a key and returns its moment (seconds since 1970)."""
    seconds: list[float] = field(default_factory=list)


def visible(environment: Environment, bucket: str) -> Callable[[str], float]:
    """Return a wait that reads the history until it has one more sample."""
    client = environment.client("dynamodb")

    def count() -> int:
        answer = client.query(
            TableName=environment.history_table,
            KeyConditionExpression="bucket_name = :bucket",
            ExpressionAttributeValues={":bucket": items.text(bucket)},
            ConsistentRead=True,
            Select="COUNT",
        )
        return int(answer["Count"])

    known = count()

    def wait(_key: str) -> float:
        nonlocal known
        until(lambda: count() > known, f"{bucket} has a new sample", seconds=MAX_SECONDS, pause=0.004)
        now = time.time()
        known = count()
        return now

    return wait


def reached(environment: Environment, function: str) -> Callable[[str], float]:
    """Return a wait that reads the log of the floor's function for the moment when it was invoked for a key."""
    logs = environment.client("logs")

    def moment(key: str) -> float | None:
        with suppress(logs.exceptions.ResourceNotFoundException):
            found = logs.filter_log_events(logGroupName=f"/aws/lambda/{function}", filterPattern="reached")
            for words in (event["message"].split() for event in found["events"]):
                if words[0] == "reached" and words[-1] == key:
                    return float(words[1])
        return None

    return lambda key: until(lambda: moment(key), f"{function} is reached", seconds=MAX_SECONDS) or 0.0


@contextmanager
def function_behind_a_rule(environment: Environment, state: Path, module: str, bucket: str) -> Iterator[str]:
    """Run a module of tests/bench as an image function that the events of a bucket invoke directly."""
    functions, rules = environment.client("lambda"), environment.client("events")
    name = f"bench-{module.replace('_', '-')}-{uuid.uuid4().hex[:6]}"
    with mapped_image(state / "functions.json", f"bench/{name}", module):
        created = functions.create_function(
            FunctionName=name,
            PackageType="Image",
            Code={"ImageUri": f"000000000000.dkr.ecr.us-east-1.amazonaws.com/bench/{name}:latest"},
            Role="arn:aws:iam::000000000000:role/bench",
            Timeout=30,
            Environment={"Variables": {"HISTORY_TABLE": environment.history_table}},
        )
        functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
        pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}
        rules.put_rule(Name=name, EventPattern=json.dumps(pattern))
        rules.put_targets(Rule=name, Targets=[{"Id": "function", "Arn": created["FunctionArn"]}])
        try:
            yield name
        finally:
            rules.remove_targets(Rule=name, Ids=["function"])
            rules.delete_rule(Name=name)
            functions.delete_function(FunctionName=name)


@contextmanager
def mapped_image(file: Path, repository: str, module: str) -> Iterator[None]:
    """Let the emulator run an image from a module of tests/bench, with the tracker's own Python."""
    before = json.loads(file.read_text())
    image = {
        "python": str(ROOT / ".venvs" / "size-tracking" / "bin" / "python"),
        "directory": str(ROOT / "tests" / "bench"),
        "handler": f"{module}.handler",
    }
    file.write_text(json.dumps({"images": {**before["images"], repository: image}}))
    try:
        yield
    finally:
        now = json.loads(file.read_text())
        now["images"].pop(repository)
        file.write_text(json.dumps(now))


def seconds_of_put(environment: Environment, contestant: Contestant, number: int) -> float:
    """Put one object and return the seconds until it arrives."""
    key = f"put-{number}"
    began = time.time()
    environment.client("s3").put_object(Bucket=contestant.bucket, Key=key, Body=b"." * (number + 1))
    return contestant.arrived(key) - began


def measure(environment: Environment, state: Path, puts: int, spacing: float) -> list[Contestant]:
    """Let the three take turns, and return them with their times."""
    with ExitStack() as stack:
        ours = stack.enter_context(tracked_bucket(environment))
        listed, empty = (stack.enter_context(notifying_bucket(environment)) for _ in range(2))
        for bucket in (ours, listed, empty):
            for number in range(OBJECTS):
                environment.client("s3").put_object(Bucket=bucket, Key=f"before-{number}", Body=b".")
        environment.wait_until_quiet()
        stack.enter_context(function_behind_a_rule(environment, state, "listing_tracker", listed))
        floor = stack.enter_context(function_behind_a_rule(environment, state, "floor", empty))
        contestants = [
            Contestant("Tidemark (queue, exact)", ours, visible(environment, ours)),
            Contestant(f"lists {OBJECTS} objects, no queue", listed, visible(environment, listed)),
            Contestant("floor (empty function)", empty, reached(environment, floor)),
        ]
        for number in range(WARM_UP):
            for contestant in contestants:
                seconds_of_put(environment, contestant, number)
        for number in range(WARM_UP, WARM_UP + puts):
            for contestant in contestants:
                time.sleep(spacing)
                contestant.seconds.append(seconds_of_put(environment, contestant, number))
        return contestants


def table(contestants: list[Contestant]) -> str:
    """Return the figures, with the ratio to the floor."""
    floor = statistics.median(contestants[-1].seconds)
    lines = [f"{'put to sample':<32}{'p50':>9}{'p95':>9}{'x floor':>9}"]
    for contestant in contestants:
        p50 = statistics.median(contestant.seconds)
        p95 = statistics.quantiles(contestant.seconds, n=20)[-1]
        lines.append(f"{contestant.name:<32}{p50:>8.3f}s{p95:>8.3f}s{p50 / floor:>9.1f}")
    return "\n".join(lines)


def main(state: State = DEFAULT, puts: int = 20, spacing: float = 0.3) -> None:
    """Measure puts, some seconds apart, in the environment that the variables describe."""
    print(table(measure(Environment.from_env(), Path(state), puts, spacing)))


if __name__ == "__main__":
    run(main)
