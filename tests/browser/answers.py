"""Answers of the API for states that take a week or a petabyte to reach; each is held to the contract before it is used."""

from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import resources

import yaml
from jsonschema import Draft202012Validator

CONTRACT = yaml.safe_load((resources.files("plotting") / "openapi.yaml").read_text())
NOW = datetime.now(UTC)
BUCKET = "imagined"


def instant(seconds_ago):
    return (NOW - timedelta(seconds=seconds_ago)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def held_to(schema, answer):
    """Return an answer, after holding it to a schema of the contract."""
    Draft202012Validator({"$ref": f"#/components/schemas/{schema}", **CONTRACT}).validate(answer)
    return answer


def freshness(**others):
    return {"as_of": instant(0), "state": "live", "queue_age_seconds": 0, "queue_waiting": 0, **others}


def point(seconds_ago, size, count=1):
    return {"time": instant(seconds_ago), "total_size": size, "object_cnt": count}


class Answers:
    """What the API says about one bucket: its points, oldest first, and how fresh that is."""

    def __init__(self, points, *, maximum=None, any_maximum=None, thinned=False, prefixes=(), **fresh):
        self.fresh = freshness(**fresh)
        sizes = [one["total_size"] for one in points]
        maximum = maximum if maximum is not None else max(sizes, default=None)
        self.by_path = {
            "count": held_to(
                "Count",
                {"bucket": BUCKET, "created": 7, "overwritten": 0, "removed": 0, "present": 7, **self.fresh},
            ),
            "plot": held_to(
                "Plot",
                {
                    "bucket": BUCKET,
                    "from": instant(60),
                    "to": instant(0),
                    "before": None,
                    "points": points,
                    "sample_cnt": len(points) * (9 if thinned else 1),
                    "thinned": thinned,
                    "bucket_maximum": maximum,
                    "any_bucket_maximum": any_maximum if any_maximum is not None else maximum,
                    "any_bucket_maximum_in": "another"
                    if any_maximum is not None
                    else (points and BUCKET) or None,
                    **self.fresh,
                },
            ),
            "history": held_to(
                "History",
                {
                    "bucket": BUCKET,
                    "from": instant(2678400),
                    "to": instant(0),
                    "order": "desc",
                    "before": None,
                    "samples": [],
                    "next": None,
                    **self.fresh,
                },
            ),
            "prefixes": held_to(
                "Prefixes", {"bucket": BUCKET, "prefixes": list(prefixes), "next": None, **self.fresh}
            ),
            "buckets": held_to(
                "Buckets",
                {
                    "buckets": [],
                    "any_bucket_maximum": maximum,
                    "any_bucket_maximum_in": BUCKET if points else None,
                    "next": None,
                    **{name: value for name, value in self.fresh.items() if name != "state"},
                },
            ),
        }

    def headers(self):
        shown = {name: "unknown" if value is None else str(value) for name, value in self.fresh.items()}
        return {"Tidemark-" + name.replace("_", "-").title(): value for name, value in shown.items()}

    def serve(self, dashboard, api_url):
        """Answer in the API's stead; the page itself comes from it."""
        for path, answer in self.by_path.items():
            dashboard.page.route(f"{api_url}{path}*", partial(self._fulfil, answer))

    def _fulfil(self, answer, route):
        route.fulfill(json=answer, headers=self.headers())
