"""A bucket with a history behind the running API."""

from functools import partial
from types import SimpleNamespace

import pytest
import requests

from tests.e2e.environment import signed
from tests.e2e.tracked_bucket import tracked_bucket
from tests.waiting import until

OBJECTS = {"photos/a.jpg": 18, "photos/b.jpg": 27, "videos/c.mp4": 1000, "odd #1 & ü/d": 2, "plain": 5}


@pytest.fixture(scope="session")
def get(environment):
    """Return a function that asks the API for a path."""
    session = requests.Session()
    session.auth = signed

    def ask(path, headers=None, **query):
        return session.get(environment.api_url + path, params=query, headers=headers, timeout=60)

    return ask


@pytest.fixture(scope="module")
def tracked(environment, get):
    """Yield a tracked bucket with some objects, one sample at least for each, and its whole history."""
    with tracked_bucket(environment) as bucket:
        s3 = environment.client("s3")
        for number, (key, size) in enumerate(OBJECTS.items(), start=1):
            s3.put_object(Bucket=bucket, Key=key, Body=b"x" * size)
            until(partial(_shows, get, bucket, number), f"GET /size shows {number} objects")
        yield SimpleNamespace(bucket=bucket, samples=environment.samples(bucket))
        environment.wait_until_quiet()


def _shows(get, bucket, objects):
    answer = get("size", bucket=bucket)
    return answer.status_code == requests.codes.ok and answer.json()["object_cnt"] == objects
