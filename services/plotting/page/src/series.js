/** The step line of a window, and the axes that make it legible. Pure: times in seconds since 1970, sizes in bytes. */

import { change, inUnit, seconds, size, unitOf } from "./format.js";

const BYTE_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500];
const QUARTER_STEPS = [1, 2, 4, 8, 20, 40, 80, 200, 400, 800, 2000];
/** Below this share of the largest total, changes would not be seen on an axis that begins at 0. */
const SMALL_SHARE = 0.05;
/** A high-water line higher than this many times what is drawn is named at the top instead. */
const FAR = 2.5;

/** What the API answered for a window, as columns; the sample in force before it is the first, and no dot. */
export function columns(plot) {
  const points = plot.before ? [plot.before, ...plot.points] : plot.points;
  return {
    times: points.map((point) => seconds(point.time)),
    sizes: points.map((point) => point.total_size),
    objects: points.map((point) => point.object_cnt),
    firstDot: plot.before ? 1 : 0,
  };
}

/** The samples from `start` on, after the one in force at `start`; a total holds until the next sample. */
export function visible(series, start) {
  let from = 0;
  while (from + 1 < series.times.length && series.times[from + 1] <= start) from += 1;
  return from;
}

/** The bottom and top of the size axis, and the value that its labels are differences from (null: written in full). */
export function extent(sizes, bucketMaximum) {
  if (sizes.length === 0) return { low: 0, high: 1.2, reference: null };
  const smallest = sizes.reduce((least, one) => Math.min(least, one));
  const largest = sizes.reduce((most, one) => Math.max(most, one));
  const span = largest - smallest;
  if (span > 0 && span < largest * SMALL_SHARE) {
    return { low: Math.max(0, smallest - span * 0.25), high: largest + span * 0.35, reference: sizes[0] };
  }
  const near = bucketMaximum !== null && bucketMaximum <= largest * FAR ? bucketMaximum : 0;
  return { low: 0, high: Math.max(largest, near, 1) * 1.18, reference: null };
}

/** The high-water lines: where each is drawn, or that it is off the scale. */
export function waterLines({ bucketMaximum, anyMaximum, anyMaximumIn, bucket, high }) {
  const lines = [];
  const shared = anyMaximum !== null && anyMaximum === bucketMaximum && anyMaximumIn === bucket;
  if (bucketMaximum !== null) {
    const whose = shared ? "Highest of this and of any bucket" : "Highest of this bucket";
    lines.push(line("bucket", bucketMaximum, whose, high));
  }
  if (anyMaximum !== null && !shared) {
    const where = anyMaximumIn && anyMaximumIn !== bucket ? ` in ${anyMaximumIn}` : "";
    lines.push(line("any", anyMaximum, "Highest of any bucket", high, where));
  }
  return lines;
}

function line(role, value, whose, high, where = "") {
  const off = value > high;
  const long = `${whose}: ${size(value)}${where}${off ? ", off the scale" : ""}`;
  // For a chart too narrow for it: the value has to stay.
  const short = `${role === "bucket" ? "Highest" : "Of any"}: ${size(value)}${off ? " \u2191" : ""}`;
  return { role, value, off, label: long, short };
}

/** At most `most` round values of one unit from `low` to `high`, and their labels. */
export function ticks({ low, high, reference }, most) {
  if (reference === null) {
    const [step, power] = stepOf(high, most);
    return range(0, high, step).map((value) => [value, inUnit(value, power)]);
  }
  const [step, power] = stepOf(high - low, most);
  const first = reference - Math.floor((reference - low) / step) * step;
  return range(first, high, step).map((value) => [value, difference(value, reference, power)]);
}

function difference(value, reference, power) {
  if (value === reference) return size(reference);
  return change(value - reference)[0] + inUnit(Math.abs(value - reference), power);
}

function range(first, last, step) {
  const found = [];
  for (let value = first; value <= last; value += step) found.push(value);
  return found;
}

function stepOf(span, most) {
  const power = unitOf(span);
  const steps = power > 0 ? QUARTER_STEPS.map((step) => (step * 1024 ** power) / 4) : [...BYTE_STEPS];
  while (Math.floor(span / steps.at(-1)) + 1 > most) steps.push(steps.at(-1) * 2);
  return [steps.find((step) => Math.floor(span / step) + 1 <= most), power];
}
