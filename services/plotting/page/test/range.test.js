import assert from "node:assert/strict";
import { test } from "node:test";

import { MIN_SPAN, panned, within, zoomed } from "../src/range.js";

test("zooming leaves the instant under the pointer where it is", () => {
  assert.deepEqual(zoomed([100, 200], 0.5, 120), [110, 160]);
  assert.deepEqual(zoomed([110, 160], 2, 120), [100, 200]);
});

test("an instant outside of the range zooms at its edge", () => {
  assert.deepEqual(zoomed([100, 200], 0.5, 900), [150, 200]);
});

test("no range becomes too short for the service", () => {
  const [from, to] = zoomed([100, 100 + MIN_SPAN], 0.01, 100);

  assert.ok(to - from > 0.99 * MIN_SPAN);
});

test("a range moves by a part of its length", () => {
  assert.deepEqual(panned([100, 200], -0.25), [75, 175]);
});

test("a range stays between 1970 and the present, and keeps its length if it can", () => {
  assert.deepEqual(within([900, 1100], 1000), [800, 1000]);
  assert.deepEqual(within([-50, 150], 1000), [0, 200]);
  assert.deepEqual(within([-50, 5000], 1000), [0, 1000]);
  assert.deepEqual(within([300, 400], 1000), [300, 400]);
});
