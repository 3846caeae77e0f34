"""From a put to the sample that shows it: this tracker, a listing tracker and the floor, side by side in one run.

    make bench-latency

The three take turns on buckets of their own, so that what disturbs one disturbs all. The floor is a rule straight to an
empty function, up to the moment that function is reached: no tracker can be faster than that.
"""

import argparse
import json
import statistics
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from size_history import items
from tests.e2e.environment import Environment, NoEnvironmentError
from tests.e2e.tracked_bucket import notifying_bucket, tracked_bucket

ROOT = Path(__file__).parents[2]
WARM_UP = 3
OBJECTS = 20
"""Objects in each bucket beforehand: few, which flatters the one that lists them all."""
GIVE_UP_SECONDS = 30


@dataclass
class Contestant:
    """A bucket, and how to see that a put has arrived."""

    name: str
    bucket: str
    arrived: Callable[[str], float]
    """Wait for a key's sample and return the moment it was there (seconds since 1970)."""
    seconds: list[float] = field(default_factory=list)


def visible(environment: Environment, bucket: str) -> Callable[[str], float]:
    """Return a wait that looks into the history until there is one sample more."""
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
        deadline = time.time() + GIVE_UP_SECONDS
        while (seen := count()) <= known:
            if time.time() > deadline:
                raise TimeoutError(f"no sample for bucket {bucket} within {GIVE_UP_SECONDS} s")
            time.sleep(0.004)
        known = seen
        return time.time()

    return wait


def reached(environment: Environment, function: str) -> Callable[[str], float]:
    """Return a wait that reads in the floor function's log when a key reached it."""
    logs = environment.client("logs")

    def wait(key: str) -> float:
        deadline = time.time() + GIVE_UP_SECONDS
        while time.time() < deadline:
            time.sleep(0.05)
            try:
                found = logs.filter_log_events(
                    logGroupName=f"/aws/lambda/{function}", filterPattern="reached"
                )
            except logs.exceptions.ResourceNotFoundException:
                continue
            for event in found["events"]:
                said = event["message"].split()
                if said[0] == "reached" and said[-1] == key:
                    return float(said[1])
        raise TimeoutError(f"{function} was not reached within {GIVE_UP_SECONDS} s")

    return wait


@contextmanager
def function_behind_a_rule(environment: Environment, state: Path, module: str, bucket: str) -> Iterator[str]:
    """Run a module of tests/bench as an image function that a bucket's events invoke directly."""
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
    """Have the emulator run an image from a module of tests/bench, in the tracker's own environment."""
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


def measure(environment: Environment, contestant: Contestant, number: int) -> float:
    """Put one object and return how long it took to arrive, in seconds."""
    key = f"put-{number}"
    began = time.time()
    environment.client("s3").put_object(Bucket=contestant.bucket, Key=key, Body=b"." * (number + 1))
    return contestant.arrived(key) - began


def run(environment: Environment, state: Path, puts: int, spacing: float) -> list[Contestant]:
    """Let the three take turns, and return them with what they took."""
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
                measure(environment, contestant, number)
        for number in range(WARM_UP, WARM_UP + puts):
            for contestant in contestants:
                time.sleep(spacing)
                contestant.seconds.append(measure(environment, contestant, number))
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


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark against the environment that the shell describes."""
    parser = argparse.ArgumentParser(prog="bench-latency")
    parser.add_argument("--state", type=Path, default=Path(".local"))
    parser.add_argument("--puts", type=int, default=20)
    parser.add_argument("--spacing", type=float, default=0.3, metavar="SECONDS")
    options = parser.parse_args(arguments)
    try:
        environment = Environment.from_env()
    except NoEnvironmentError as error:
        print(f"bench-latency: {error}", file=sys.stderr)
        return 1
    print(table(run(environment, options.state, options.puts, options.spacing)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
