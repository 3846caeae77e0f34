"""The page's own tests pass on the packaged Node, and the page's size axis follows the same rules as the picture's."""

import json
import random

import pytest

from plotting.scale import Role, sizes_of
from tests.unit.plotting.charts import chart
from tidemark.node import run_node
from tidemark.page.pack import SOURCES

EXTENTS = """
import { extent, waterLines } from "./src/series.js";
const found = JSON.parse(process.argv.at(-1)).map(({ sizes, maximum, highest }) => {
  const { low, high, reference } = extent(sizes, [maximum, highest]);
  const lines = waterLines({ bucketMaximum: maximum, anyMaximum: highest, anyMaximumIn: "videos", bucket: "photos", high });
  return { low, reference, off: lines.filter(({ off }) => off).map(({ role }) => role) };
});
console.log(JSON.stringify(found));
"""
"""Prints what the page makes of the cases in its last argument."""


def test_the_pages_sources_pass_their_tests():
    done = run_node("--test", what="the page's tests", directory=SOURCES)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "fail 0" in done.stdout
    assert "pass 0" not in done.stdout


def cases():
    """Return sizes and maxima around both rules' borders, and random ones."""
    chance = random.Random(14)
    found = [([90, 100], 100, 100), ([91, 100], 100, 100), ([0, 0], 0, 0), ([0], 0, 5), ([5, 5], 5, 26)]
    found += [([10, 20], maximum, 500) for maximum in (20, 99, 100, 101)]
    found += [([10, 20], 60, highest) for highest in (300, 301)]
    for _ in range(300):
        top = 10 ** chance.randrange(1, 15)
        depth = chance.choice((1, 0.2, 0.1, 0.09, 0.001))
        sizes = [round(top * (1 - depth * chance.random())) for _ in range(chance.randrange(1, 6))]
        maximum = round(max(sizes) * chance.choice((1, 1.1, 4.9, 5, 5.1, 50)))
        found.append((sizes, maximum, round(maximum * chance.choice((1, 1.01, 4.9, 5.1, 50)))))
    return found


@pytest.fixture(scope="module")
def of_page():
    """Return what the page makes of every case."""
    given = [{"sizes": sizes, "maximum": maximum, "highest": highest} for sizes, maximum, highest in cases()]
    arguments = ("--input-type=module", "--eval", EXTENTS, "--", json.dumps(given))
    done = run_node(*arguments, what="the axis", directory=SOURCES)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_picture_and_page_start_the_axis_at_the_same_size_and_keep_the_same_lines_on_it(of_page):
    both = list(zip(cases(), of_page, strict=True))

    for (sizes, maximum, highest), page in both:
        points = list(enumerate(sizes))
        drawn = chart(points, maximum=maximum, highest=(highest, "videos"))
        picture = sizes_of(drawn)
        case = (sizes, maximum, highest)
        off = {{Role.BUCKET: "bucket", Role.ANY: "any"}[role] for role, _ in picture.off}
        assert (page["reference"], set(page["off"])) == (picture.reference, off), case
        assert page["low"] == pytest.approx(picture.low, abs=1), case
    assert {page["reference"] is None for _, page in both} == {True, False}
    assert {len(page["off"]) for _, page in both} == {0, 1, 2}
