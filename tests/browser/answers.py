"""Answers of the API for states that take a week or a petabyte to reach; each is checked against the contract first."""

from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import resources

import yaml
from jsonschema import Draft202012Validator

from plotting import page

CONTRACT = yaml.safe_load((resources.files("plotting") / "openapi.yaml").read_text())
NOW = datetime.now(UTC)
BUCKET = "imagined"
PAGE = "https://tidemark.example/v1/"
"""Where the page seems to be. The browser trusts it, as it does 127.0.0.1."""


def instant(seconds_ago):
    return (NOW - timedelta(seconds=seconds_ago)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def held_to(schema, answer):
    """Return an answer that fits a schema of the contract."""
    Draft202012Validator({"$ref": f"#/components/schemas/{schema}", **CONTRACT}).validate(answer)
    return answer


def freshness(**others):
    """Return how fresh an answer is; a state that is not live began 20 seconds ago unless told otherwise."""
    queues = {"queue_age_seconds": 0, "queue_waiting": 0, "dead_letters": 0, "undelivered_events": 0}
    state = others.get("state", "live")
    said = {"state_since": None, "state_reason": None} if state == "live" else {"state_since": instant(20)}
    return {
        "as_of": instant(0),
        "state": state,
        "state_reason": "a reason: the fix",
        **queues,
        **said,
        **others,
    }


def point(seconds_ago, size, count=1):
    return {"time": instant(seconds_ago), "total_size": size, "object_cnt": count}


class Answers:
    """The API's answers about one bucket: its points, oldest first, and how fresh they are."""

    def __init__(
        self, points, *, maximum=None, any_maximum=None, unit="sample", prefixes=(), samples=(), **fresh
    ):
        self.fresh = freshness(**fresh)
        sizes = [one["total_size"] for one in points]
        maximum = maximum if maximum is not None else max(sizes, default=None)
        holder = "another" if any_maximum is not None else BUCKET if points else None
        highest = {
            "any_bucket_maximum": any_maximum if any_maximum is not None else maximum,
            "any_bucket_maximum_in": holder,
        }
        counters = {"created": 7, "overwritten": 0, "removed": 0, "present": 7}
        drawn = {"before": None, "points": points, "sample_cnt": len(points) * (1 if unit == "sample" else 9)}
        extremes = {"minimum": min(sizes, default=None), "maximum": max(sizes, default=None)}
        range_ = {"from": instant(60), "to": instant(0), "unit": unit, "thinned": unit != "sample"}
        plot = {**range_, **drawn, **extremes, "bucket_maximum": maximum}
        span = {"from": instant(2678400), "to": instant(0), "order": "desc", "before": None, "next": None}
        queue = {name: value for name, value in self.fresh.items() if not name.startswith("state")}
        state = {name: value for name, value in self.fresh.items() if name.startswith("state")}
        listed = {
            "bucket": BUCKET,
            **state,
            "total_size": maximum or 0,
            "object_cnt": len(points),
            "bucket_maximum": maximum,
            "last_change": points[-1]["time"] if points else None,
        }
        of_bucket = {"bucket": BUCKET, **self.fresh}
        self.by_path = {
            "count": held_to("Count", {**of_bucket, **counters}),
            "plot": held_to("Plot", {**of_bucket, **plot, **highest}),
            "history": held_to("History", {**of_bucket, **span, "samples": list(samples)}),
            "prefixes": held_to("Prefixes", {**of_bucket, "prefixes": list(prefixes), "next": None}),
            "buckets": held_to("Buckets", {"buckets": [listed], **highest, "next": None, **queue}),
        }

    def headers(self):
        absent = {name for name in ("state_since", "state_reason") if self.fresh[name] is None}
        sent = {name: value for name, value in self.fresh.items() if name not in absent}
        shown = {name: "unknown" if value is None else str(value) for name, value in sent.items()}
        return {"Tidemark-" + name.replace("_", "-").title(): value for name, value in shown.items()}

    def serve(self, dashboard):
        """Serve the page at PAGE and answer its requests, without any environment."""
        packed = page.packed()
        document = {"body": packed.text, "headers": {"Content-Type": page.MEDIA_TYPE, **packed.headers()}}
        dashboard.page.route(PAGE, lambda route: route.fulfill(**document))
        for path, answer in self.by_path.items():
            dashboard.page.route(f"{PAGE}{path}*", partial(self._fulfil, answer))

    def _fulfil(self, answer, route):
        route.fulfill(json=answer, headers=self.headers())
