/**
 * The step line of a window and its size axis. Pure: times are in seconds since 1970, sizes in bytes.
 *
 * The axis starts at 0, unless the data change by less than a tenth of their largest size. A high-water line shares the
 * axis up to five times the height of the data; a higher one is named at the top. The picture follows the same rule
 * (services/plotting/src/plotting/scale.py).
 */

import { change, inUnit, seconds, size, unitOf } from "./format.js";

const BYTE_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500];
const QUARTER_STEPS = [1, 2, 4, 8, 20, 40, 80, 200, 400, 800, 2000];
/** Data that change by less than one part in this many of their largest size get an axis that does not start at 0. */
const MIN_CHANGE = 10;
/** A line up to this many times the height of the data is on their scale. */
const MAX_STRETCH = 5;
/** Above the highest value of the axis, this share of its height stays free for labels. */
const HEADROOM = 0.18;

/** The seconds of each unit but a sample. */
export const UNITS = { minute: 60, hour: 3600, day: 86400 };
/** An answer with more samples is by a unit. */
export const MAX_SAMPLES = 2000;

/**
 * An answer's points as columns. The total in force when the range begins comes first, and gets no dot. `lows` and `highs`
 * are those of a point's minute, hour or day, and its own size if it is a sample.
 */
export function columns(plot) {
  const points = plot.before ? [plot.before, ...plot.points] : plot.points;
  return {
    unit: UNITS[plot.unit] ?? null,
    times: points.map((point) => seconds(point.time)),
    sizes: points.map((point) => point.total_size),
    lows: points.map((point) => point.minimum ?? point.total_size),
    highs: points.map((point) => point.maximum ?? point.total_size),
    objects: points.map((point) => point.object_cnt),
    firstDot: plot.before ? 1 : 0,
  };
}

/** The last total of an answer. */
export const lastOf = (plot) => plot.points.at(-1) ?? plot.before;

/**
 * A live answer with what a later answer knows from the last total on; null if the later one does not continue it, or
 * has too much: then the whole range is asked for again.
 */
export function continued(plot, tail) {
  const last = lastOf(plot);
  const [again, ...points] = tail.points;
  if (tail.unit !== "sample" || again?.time !== last?.time) return null;
  const unit = UNITS[plot.unit];
  const all = [...plot.points];
  for (const point of points) {
    if (unit) fold(all, point, unit);
    else all.push(point);
  }
  if (!unit && all.length > MAX_SAMPLES) return null;
  const { bucket_maximum, any_bucket_maximum, any_bucket_maximum_in, as_of } = tail;
  const maxima = { bucket_maximum, any_bucket_maximum, any_bucket_maximum_in };
  return { ...plot, ...maxima, as_of, points: all, sample_cnt: plot.sample_cnt + points.length };
}

/** Add a sample to its minute, hour or day, or begin a new one with it. */
function fold(points, { time, total_size, object_cnt }, unit) {
  const last = points.at(-1);
  const same = last && Math.floor(seconds(last.time) / unit) === Math.floor(seconds(time) / unit);
  if (same) points.pop();
  const minimum = Math.min(total_size, same ? last.minimum : total_size);
  const maximum = Math.max(total_size, same ? last.maximum : total_size);
  points.push({ time, total_size, object_cnt, minimum, maximum });
}

/** The index of the sample in force at `start`; a total holds until the next sample. */
export function visible(series, start) {
  let from = 0;
  while (from + 1 < series.times.length && series.times[from + 1] <= start) from += 1;
  return from;
}

/** How many points begin up to an instant. */
export function endOf(series, end) {
  let count = series.times.length;
  while (count > 0 && series.times[count - 1] > end) count -= 1;
  return count;
}

/**
 * The bottom and top of the size axis, and the value that its labels are differences from (null: written in full).
 * `maxima` are the high-water lines' values, lowest first; null for a line that does not exist.
 */
export function extent(sizes, maxima, { lows = sizes, highs = sizes } = {}) {
  const smallest = lows.reduce((least, one) => Math.min(least, one), lows[0] ?? 0);
  const largest = highs.reduce((highest, one) => Math.max(highest, one), 0);
  const span = largest - smallest;
  const relative = span > 0 && span * MIN_CHANGE < largest;
  const low = relative ? smallest - span / 8 : 0;
  let high = largest;
  for (const value of maxima) {
    if (value !== null && (high === 0 || value - low <= MAX_STRETCH * (high - low))) high = Math.max(high, value);
  }
  high += Math.max(high - low, 1) * HEADROOM;
  return { low, high, reference: relative ? sizes[0] : null };
}

/** The high-water lines with their labels; `off` tells that a line is above the scale. */
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
  // A narrow chart has no room for the long label, but it needs the value.
  const short = `${role === "bucket" ? "Highest" : "Of any"}: ${size(value)}${off ? " \u2191" : ""}`;
  return { role, value, off, label: long, short };
}

/** At most `maximum` round values of one unit from `low` to `high`, with their labels. */
export function ticks({ low, high, reference }, maximum) {
  if (reference === null) {
    const [step, power] = stepOf(high, maximum);
    return range(0, high, step).map((value) => [value, inUnit(value, power)]);
  }
  const [step, power] = stepOf(high - low, maximum);
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

function stepOf(span, maximum) {
  const power = unitOf(span);
  const steps = power > 0 ? QUARTER_STEPS.map((step) => (step * 1024 ** power) / 4) : [...BYTE_STEPS];
  while (Math.floor(span / steps.at(-1)) + 1 > maximum) steps.push(steps.at(-1) * 2);
  return [steps.find((step) => Math.floor(span / step) + 1 <= maximum), power];
}
