import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { FakeClock } from "../fakes/clock.js";
import { FakeElement } from "../fakes/dom.js";
import { followGestures } from "../src/gestures.js";

const NOW = 10_000;

let clock;
let element;
let chart;
let seen;
let resets;

/** What the gestures know of a chart of 800 pixels. */
class FakeChart {
  range = [1000, 1800];
  pickedTime = null;
  draws = 0;

  look({ from, to }) {
    this.range = [from, to];
  }

  draw() {
    this.draws += 1;
  }

  timeAt(clientX) {
    return this.range[0] + clientX;
  }
}

function happen(name, details) {
  const event = Object.assign(new Event(name, { cancelable: true }), { deltaX: 0, deltaY: 0, deltaMode: 0, button: 0 }, details);
  element.dispatchEvent(event);
  return event.defaultPrevented;
}

beforeEach(() => {
  clock = new FakeClock();
  element = new FakeElement("div");
  chart = new FakeChart();
  seen = [];
  resets = 0;
  const see = (range, how) => seen.push([range, how]);
  followGestures(element, chart, { see, reset: () => (resets += 1), present: () => NOW, clock });
});

test("dragging with shift moves the chart at once, and the URL once when it rests", async () => {
  happen("pointerdown", { shiftKey: true, clientX: 400 });
  for (const clientX of [450, 500]) happen("pointermove", { clientX });
  assert.deepEqual(chart.range, [900, 1700]);
  assert.deepEqual(seen, []);

  happen("pointerup", {});
  happen("pointermove", { clientX: 700 });
  await clock.advance(1000);
  assert.deepEqual(seen, [[[900, 1700], { replace: true }]]);
});

test("dragging without shift is left to the selection", () => {
  happen("pointerdown", { clientX: 400 });
  happen("pointermove", { clientX: 500 });

  assert.deepEqual(chart.range, [1000, 1800]);
});

test("the wheel scrolls the page, sideways or with shift it moves the chart, with ctrl it zooms at the pointer", () => {
  assert.equal(happen("wheel", { deltaY: 100 }), false);
  assert.deepEqual(chart.range, [1000, 1800]);

  assert.equal(happen("wheel", { deltaX: 80, deltaY: 10 }), true);
  assert.deepEqual(chart.range, [1080, 1880]);
  assert.equal(happen("wheel", { deltaY: -80, shiftKey: true }), true);
  assert.deepEqual(chart.range, [1000, 1800]);

  assert.equal(happen("wheel", { deltaY: -300, ctrlKey: true, clientX: 0 }), true);
  assert.equal(chart.range[0], 1000);
  assert.ok(Math.abs(chart.range[1] - 1000 - 800 / Math.E) < 0.001);
});

test("keys zoom around the picked sample, or else the middle, and shift with an arrow moves", () => {
  happen("keydown", { key: "+" });
  assert.deepEqual(chart.range, [1200, 1600]);
  happen("keydown", { key: "-" });
  assert.deepEqual(chart.range, [1000, 1800]);
  chart.pickedTime = 1000;
  happen("keydown", { key: "+" });
  assert.deepEqual(chart.range, [1000, 1400]);
  happen("keydown", { key: "ArrowLeft", shiftKey: true });
  assert.deepEqual(chart.range, [900, 1300]);
  assert.equal(happen("keydown", { key: "ArrowLeft" }), false);
  assert.equal(happen("keydown", { key: "+", ctrlKey: true }), false);
});

test("nothing moves beyond the present", () => {
  chart.range = [9500, 9900];
  happen("keydown", { key: "ArrowRight", shiftKey: true });
  happen("keydown", { key: "ArrowRight", shiftKey: true });

  assert.deepEqual(chart.range, [9600, 10000]);
});

test("a double click resets", () => {
  happen("dblclick", {});

  assert.equal(resets, 1);
});
