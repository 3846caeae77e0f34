import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { FakeElement, FakePlot, openPage } from "../fakes/dom.js";
import { Chart } from "../src/chart.js";
import { seconds } from "../src/format.js";

const NOW = seconds("2026-11-20T08:01:00.000000Z");
const HIGHEST = { bucket: "photos", bucket_maximum: 27, any_bucket_maximum: 50, any_bucket_maximum_in: "videos" };

let chart;
let plot;
let pointed;

const at = (ago, size) => ({ time: new Date((NOW - ago) * 1000).toISOString().replace("Z", "000Z"), total_size: size, object_cnt: 1 });

function show(points, { before = null, window = 60 } = {}) {
  chart.show({ points, before, unit: "sample", ...HIGHEST });
  chart.look({ window });
  chart.draw(NOW);
}

beforeEach(() => {
  openPage();
  pointed = [];
  chart = new Chart(new FakeElement("div"), (sample) => pointed.push(sample), FakePlot);
  plot = FakePlot.last;
});

test("the window ends at the present, and the last total holds until then", () => {
  show([at(40, 18), at(10, 27)]);

  assert.deepEqual(plot.options.scales.x.range(), [NOW - 60, NOW]);
  assert.deepEqual(plot.data, [[NOW - 40, NOW - 10, NOW], [18, 27, 27]]);
});

test("the sample in force before the window is in the line and gets no dot", () => {
  show([at(30, 18), at(10, 27)], { before: at(500, 5) });

  assert.deepEqual(plot.data[1], [5, 18, 27, 27]);
  assert.deepEqual(plot.dots, [1, 2]);
});

test("samples that are far apart get large dots, and the present gets none", () => {
  show([at(50, 1), at(30, 2), at(10, 3)]);

  assert.deepEqual(plot.dots, [0, 1, 2]);
  assert.equal(plot.series[1].points.size, 10);
});

test("one close pair among samples that are far apart does not take the large dots away", () => {
  show([at(55, 1), at(45, 2), at(35, 3), at(25, 4), at(24.9, 5), at(15, 6), at(5, 7)]);

  assert.deepEqual([plot.dots.length, plot.series[1].points.size], [7, 10]);
});

test("samples in a burst get small dots if there is room on the average, and many get none", () => {
  show(Array.from({ length: 20 }, (_, index) => at(20 - index / 10, index)));
  assert.deepEqual([plot.dots.length, plot.series[1].points.size], [20, 6]);

  show(Array.from({ length: 1000 }, (_, index) => at(59 - index / 20, index)));
  assert.deepEqual(plot.dots, []);
});

test("the keyboard steps through the samples and stops at both ends", () => {
  show([at(50, 1), at(30, 2), at(10, 3)]);

  assert.deepEqual([-1, -1, -10, 1, Infinity, 1].map((by) => chart.move(by).size), [3, 2, 1, 2, 3, 3]);
  assert.equal(pointed.at(-1).size, 3);
  chart.release();
  assert.equal(pointed.at(-1), null);
});

test("without a sample there is nothing to step to", () => {
  chart.show(null);
  chart.look({ window: 60 });
  chart.draw(NOW);

  assert.equal(chart.move(1), null);
  assert.deepEqual(plot.data, [[], []]);
});

test("the pointer picks the sample in force, not the nearest", () => {
  show([at(50, 1), at(10, 3)]);
  plot.setCursor({ left: (700 * 45) / 60 });

  assert.equal(pointed.at(-1).size, 1);
});

test("the line moves by about a pixel at each pace", () => {
  show([at(50, 1)], { window: 800 });

  assert.equal(chart.pace, 1000);
});

test("both high-water lines are drawn and named", () => {
  show([at(50, 18), at(10, 27)]);
  const labels = plot.drawn().filter(([name]) => name === "fillText").map(([, text]) => text);

  assert.deepEqual(labels, ["Highest of any bucket: 50 B in videos", "Highest of this bucket: 27 B"]);
});

test("from the instant on at which a bucket was not heard, the chart is hatched", () => {
  show([at(50, 18)]);
  const hatch = () => plot.drawn().filter(([name]) => name === "rect");
  assert.deepEqual([chart.doubted, hatch()], [false, []]);

  chart.doubt(NOW - 15);
  assert.equal(chart.doubted, true);
  assert.deepEqual(hatch(), [["rect", 50 + 700 * 0.75, 10, 700 * 0.25, 300]]);
  chart.doubt(NOW - 3600);
  assert.deepEqual(hatch(), [["rect", 50, 10, 700, 300]]);
  for (const none of [null, NOW + 10]) {
    chart.doubt(none);
    assert.equal(chart.doubted, false);
  }
});

test("an empty chart is not hatched", () => {
  chart.show(null);
  chart.look({ window: 60 });
  chart.doubt(NOW - 15);
  chart.draw(NOW);

  assert.equal(chart.doubted, false);
});

const HOUR = [{ ...at(5400, 5), minimum: 2, maximum: 30 }, { ...at(600, 7), minimum: 6, maximum: 8 }];

test("a fixed range stays where it is, and its last total holds until its end", () => {
  chart.show({ points: [at(300, 18), at(200, 27)], before: null, unit: "sample", ...HIGHEST });
  chart.look({ window: 60, from: NOW - 400, to: NOW - 100 });
  chart.draw(NOW);

  assert.deepEqual(plot.options.scales.x.range(), [NOW - 400, NOW - 100]);
  assert.deepEqual(plot.data, [[NOW - 300, NOW - 200, NOW - 100], [18, 27, 27]]);
  assert.equal(chart.pace, Infinity);
  assert.deepEqual(plot.drawn().filter(([name]) => name === "arc"), []); // no ring at the present
});

test("all of a history begins shortly before its first sample", () => {
  chart.show({ points: [at(1000, 18)], before: null, unit: "sample", ...HIGHEST });
  chart.look({ window: 3162240000 });
  chart.draw(NOW);

  assert.deepEqual(plot.options.scales.x.range(), [NOW - 1010, NOW]);
});

test("hours have a band from their lowest to their highest total, and no dots", () => {
  chart.show({ points: HOUR, before: at(9000, 1), unit: "hour", ...HIGHEST });
  chart.look({ window: 7200 });
  chart.draw(NOW);
  const bands = plot.drawn().filter(([name]) => name === "fillRect");

  assert.deepEqual(plot.dots, []);
  assert.deepEqual(bands.map(([, , , width]) => Math.round(width)), [350, 350]);
  assert.ok(plot.options.scales.y.range()[1] > 30);
});

test("the cursor reads a unit with its extremes, and the total before it without", () => {
  chart.show({ points: HOUR, before: at(9000, 1), unit: "hour", ...HIGHEST });
  chart.look({ window: 7200 });
  chart.draw(NOW);

  const [before, hour] = chart.samples();
  assert.deepEqual([before.unit, before.size], [undefined, 1]);
  assert.deepEqual([hour.unit, hour.low, hour.high, hour.size], [3600, 2, 30, 5]);
});

test("the pointer picks the hour that it is in, even before its last sample", () => {
  chart.show({ points: HOUR, before: at(9000, 1), unit: "hour", ...HIGHEST });
  chart.look({ window: 7200 });
  chart.draw(NOW);
  plot.setCursor({ left: (700 * (7200 - 660)) / 7200 });

  assert.equal(pointed.at(-1).size, 7);
});

test("a part that is selected by dragging is a range; a click is none", () => {
  const ranges = [];
  chart = new Chart(new FakeElement("div"), () => {}, FakePlot, (range) => ranges.push(range));
  plot = FakePlot.last;
  show([at(40, 18)]);
  const select = (left, width) => {
    plot.select = { left, width };
    plot.options.hooks.setSelect.forEach((hook) => hook(plot));
  };

  select(350, 175);
  select(350, 2);
  assert.deepEqual(ranges, [[NOW - 30, NOW - 15]]);
});

test("ticks that are months apart name the month and a new year, those that are years apart the year", () => {
  const [axis] = plot.options.axes;
  const months = [8, 11, 14].map((month) => Date.UTC(2025, month, 1) / 1000);

  assert.deepEqual(axis.values(plot, months, 0, 0, 92 * 86400), ["Sept\n2025", "Dec", "Mar"]);
  assert.deepEqual(axis.values(plot, [months[0], Date.UTC(2026, 0, 1) / 1000], 0, 0, 31 * 86400)[1], "Jan\n2026");
  assert.deepEqual(axis.values(plot, months, 0, 0, 366 * 86400), ["2025", "2025", "2026"]);
});
