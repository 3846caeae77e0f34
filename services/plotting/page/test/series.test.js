import assert from "node:assert/strict";
import { test } from "node:test";

import { columns, continued, endOf, extent, MAX_SAMPLES, ticks, visible, waterLines } from "../src/series.js";

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

const MAXIMA = { bucket_maximum: 9, any_bucket_maximum: 9, any_bucket_maximum_in: "photos", as_of: "2026-11-20T08:01:00.000000Z" };
const live = (unit, before, ...points) => ({ unit, before, points, sample_cnt: points.length, bucket_maximum: 7 });
const tail = (...points) => ({ unit: "sample", before: null, points, ...MAXIMA });

test("new samples are added to what is known, and so are the maxima", () => {
  const { points, sample_cnt, bucket_maximum, as_of } = continued(live("sample", null, point("10", 7)), tail(point("10", 7), point("20", 9)));

  assert.deepEqual(points, [point("10", 7), point("20", 9)]);
  assert.deepEqual([sample_cnt, bucket_maximum, as_of], [2, 9, MAXIMA.as_of]);
});

test("new samples are added to their minute, or begin one", () => {
  const known = live("minute", null, { ...point("10", 7), minimum: 5, maximum: 8 });
  const later = { time: "2026-11-20T08:01:00.000000Z", total_size: 3, object_cnt: 1 };
  const { points, sample_cnt } = continued(known, tail(point("10", 7), point("20", 9), later));

  assert.deepEqual(points, [{ ...point("20", 9), minimum: 5, maximum: 9 }, { ...later, minimum: 3, maximum: 3 }]);
  assert.equal(sample_cnt, 3);
  assert.equal(known.points.length, 1);
});

test("the total before an empty window is continued, too", () => {
  assert.deepEqual(continued(live("sample", point("10", 7)), tail(point("10", 7), point("20", 9))).points, [point("20", 9)]);
});

test("what does not continue the last total, or is too much, is not added", () => {
  const known = live("sample", null, point("10", 7));

  assert.equal(continued(known, tail(point("20", 9))), null);
  assert.equal(continued(known, tail()), null);
  assert.equal(continued(known, { ...tail(point("10", 7)), unit: "minute" }), null);
  const full = live("sample", null, ...Array.from({ length: MAX_SAMPLES }, () => point("10", 7)));
  assert.equal(continued(full, tail(point("10", 7), point("20", 9))), null);
});

test("a point of a unit has its lowest and highest total, a sample its own", () => {
  const { unit, lows, highs } = columns({ ...live("hour", point("00", 4), { ...point("10", 7), minimum: 5, maximum: 8 }) });

  assert.deepEqual([unit, lows, highs], [3600, [4, 5], [4, 8]]);
  assert.equal(columns(live("sample", null, point("10", 7))).unit, null);
});

test("the axis has room for the highest and the lowest of a band", () => {
  const { low, high } = extent([95, 96], [null, null], { lows: [91, 95], highs: [95, 100] });

  assert.ok(low > 0 && low < 91);
  assert.ok(high > 100);
});

test("a fixed range ends with its last point", () => {
  const series = columns(live("sample", null, point("10", 7), point("20", 9)));

  assert.deepEqual([0, 10, 15, 20].map((at) => endOf(series, series.times[0] - 10 + at)), [0, 1, 1, 2]);
});
