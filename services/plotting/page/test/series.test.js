import assert from "node:assert/strict";
import { test } from "node:test";

import { columns, extent, ticks, visible, waterLines } from "../src/series.js";

const point = (time, total_size, object_cnt = 1) => ({ time: `2026-11-20T08:00:${time}.000000Z`, total_size, object_cnt });
const plot = (before, ...points) => ({ before, points });

test("the sample in force before the window comes first, and gets no dot", () => {
  const { sizes, firstDot } = columns(plot(point("00", 5), point("10", 7), point("20", 9)));

  assert.deepEqual(sizes, [5, 7, 9]);
  assert.equal(firstDot, 1);
});

test("without one, the first sample gets a dot", () => {
  assert.equal(columns(plot(null, point("10", 7))).firstDot, 0);
});

test("as the window moves on, the last sample that it has passed stays in force", () => {
  const series = columns(plot(point("00", 5), point("10", 7), point("20", 9)));
  const start = series.times[0];

  assert.deepEqual([start, start + 9.9, start + 10, start + 15, start + 99].map((at) => visible(series, at)), [0, 0, 1, 1, 2]);
});

test("the size axis has room above the data", () => {
  const { low, high, reference } = extent([0, 18, 27], [27, 27]);

  assert.equal(low, 0);
  assert.ok(high > 27 && high < 54);
  assert.equal(reference, null);
});

test("a maximum near what is drawn is on the axis, a far one is not", () => {
  assert.ok(extent([10, 20], [100, null]).high > 100);
  assert.ok(extent([10, 20], [101, 102]).high < 101);
  assert.ok(extent([10, 20], [60, 300]).high > 300); // five times the line below it
  assert.ok(extent([10, 20], [null, 100]).high > 100);
  assert.ok(extent([], [0, 27]).high > 27);
});

test("the axis starts at 0 unless the data change by less than a tenth of their largest size", () => {
  assert.equal(extent([90, 100], [100, 100]).low, 0);
  const { low, reference } = extent([91, 100], [100, 100]);
  assert.deepEqual([low, reference], [91 - 9 / 8, 91]);
  assert.equal(extent([100, 100], [100, 100]).low, 0);
});

test("changes too small to be seen beside the total get an axis of differences", () => {
  const petabyte = 2 ** 50;
  const scale = extent([petabyte, petabyte + 30], [petabyte + 30, petabyte + 30]);
  const labels = ticks(scale, 6).map(([, label]) => label);

  assert.ok(scale.low > 0);
  assert.ok(labels.includes("1 PiB"));
  assert.ok(labels.includes("+10 B"));
});

test("ticks are few, round, and begin at 0", () => {
  for (const high of [1, 5, 27, 999, 1023, 5000, 3e6, 7.7e9, 2 ** 53, 2 ** 70]) {
    const found = ticks({ low: 0, high, reference: null }, 6);

    assert.ok(found.length >= 1 && found.length <= 6, `${high}: ${found.length} ticks`);
    assert.deepEqual(found[0], [0, "0 B"]);
    assert.ok(found.at(-1)[0] <= high);
  }
});

test("one line says it where this bucket's maximum is that of all", () => {
  const lines = waterLines({ bucketMaximum: 27, anyMaximum: 27, anyMaximumIn: "b", bucket: "b", high: 32 });

  assert.deepEqual(lines.map(({ label }) => label), ["Highest of this and of any bucket: 27 B"]);
});

test("another bucket's equal maximum is a line of its own", () => {
  const lines = waterLines({ bucketMaximum: 27, anyMaximum: 27, anyMaximumIn: "other", bucket: "b", high: 32 });

  assert.deepEqual(lines.map(({ label }) => label), ["Highest of this bucket: 27 B", "Highest of any bucket: 27 B in other"]);
});

test("what is off the scale says so", () => {
  const [, any] = waterLines({ bucketMaximum: 27, anyMaximum: 300, anyMaximumIn: "other", bucket: "b", high: 32 });

  assert.equal(any.off, true);
  assert.match(any.label, /300 B in other, off the scale$/);
  assert.match(any.short, /300 B/);
});

test("before the first sample there are no lines", () => {
  assert.deepEqual(waterLines({ bucketMaximum: null, anyMaximum: null, anyMaximumIn: null, bucket: "b", high: 1 }), []);
});
