/** The live chart: a step line up to the present, dots at samples, and the high-water lines. */

import { ALL } from "./address.js";
import { clock, day } from "./format.js";
import { drawBand, drawDoubt, drawLabels, drawLines, drawPresent } from "./marks.js";
import { columns, endOf, extent, ticks, visible, waterLines } from "./series.js";

/** Dots are drawn from a distance in pixels on: [distance, diameter, edge], first by the usual, then by the average one. */
const APART = { usual: [16, 10, 2], average: [7, 6, 0] };
const LABEL_FONT = "12px system-ui, sans-serif";
const NOTHING = { unit: null, times: [], sizes: [], lows: [], highs: [], objects: [], firstDot: 0 };
const MIN_DRAG_PIXELS = 4;
/** The least seconds between ticks that are months or years apart. */
const [MONTH, YEAR] = [27 * 86400, 300 * 86400];
const COLOURS = ["ink", "muted", "rule", "paper", "data", "area", "high", "bad"];

export class Chart {
  #series = NOTHING;
  #plot = null;
  #window = 60;
  #fixed = null; // [from, to] in seconds since 1970 if the range does not end at the present
  #now = Date.now() / 1000;
  #from = 0;
  #scale = { low: 0, high: 1, reference: null };
  #lines = [];
  #picked = null;
  #doubtful = null;

  /**
   * `pointed` is called with the sample in force under the cursor, or null, and `selected` with the range that was
   * selected by dragging. `Plot` is uPlot, or a stand-in.
   */
  constructor(element, pointed, Plot, selected = () => {}) {
    this.element = element;
    this.pointed = pointed;
    this.selected = selected;
    this.#readColours();
    this.#chart = new Plot(this.#options(Plot), [[], []], element);
    element.addEventListener("pointermove", () => (this.#picked = null), { capture: true });
    new ResizeObserver(() => this.#resize()).observe(element);
    for (const query of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"]) {
      matchMedia(query).addEventListener("change", () => {
        this.#readColours();
        this.#chart.redraw();
      });
    }
  }

  #chart;
  #colour = {};

  /** Show an answer of the API (null: nothing). */
  show(plot) {
    this.#plot = plot;
    this.#series = plot ? columns(plot) : NOTHING;
  }

  /** Look through a window in seconds that ends at the present, or at a fixed range. */
  look({ window, from = null, to = null }) {
    this.#window = window;
    this.#fixed = from === null ? null : [from, to];
  }

  /** The range that is shown, in seconds since 1970. */
  get range() {
    if (this.#fixed !== null) return this.#fixed;
    const start = this.#now - this.#window;
    // A window that is longer than the history begins with it.
    const first = this.#series.firstDot === 0 ? this.#series.times[0] : undefined;
    const begins = this.#window === ALL && first !== undefined ? first - (this.#now - first) * 0.01 : start;
    return [Math.min(Math.max(start, begins), this.#now - 1), this.#now];
  }

  get #span() {
    const [from, to] = this.range;
    return to - from;
  }

  /** The time of the sample that the keyboard has picked, or null. */
  get pickedTime() {
    return this.#picked === null ? null : (this.#series.times[this.#picked] ?? null);
  }

  /** The instant at a place of the screen, in seconds since 1970. */
  timeAt(clientX) {
    const { left, width } = this.#chart.over.getBoundingClientRect();
    const [from, to] = this.range;
    return from + ((to - from) * (clientX - left)) / width;
  }

  /** Draw as of an instant (seconds since 1970): the window ends there. */
  draw(now) {
    this.#now = now;
    const { times, sizes, lows, highs } = this.#series;
    const [from, to] = this.range;
    this.#from = visible(this.#series, from);
    const end = endOf(this.#series, this.#fixed ? to : Infinity);
    const shownSizes = sizes.slice(this.#from, end);
    const maxima = [this.#plot?.bucket_maximum ?? null, this.#plot?.any_bucket_maximum ?? null];
    const extremes = { lows: lows.slice(this.#from, end), highs: highs.slice(this.#from, end) };
    this.#scale = extent(shownSizes, maxima, extremes);
    this.#lines = this.#plot
      ? waterLines({
          bucketMaximum: this.#plot.bucket_maximum,
          anyMaximum: this.#plot.any_bucket_maximum,
          anyMaximumIn: this.#plot.any_bucket_maximum_in,
          bucket: this.#plot.bucket,
          high: this.#scale.high,
        })
      : [];
    const shownTimes = times.slice(this.#from, end);
    const holds = Math.min(to, now);
    if (shownTimes.length > 0 && shownTimes.at(-1) < holds) {
      shownTimes.push(holds);
      shownSizes.push(shownSizes.at(-1));
    }
    this.#chart.setData([shownTimes, shownSizes]);
    if (this.#picked !== null) this.#pointAt(this.#picked);
  }

  /** Hatch the chart from an instant on (seconds since 1970), because changes may be missing there; null: nowhere. */
  doubt(since) {
    this.#doubtful = since;
  }

  /** Whether a part of the window is hatched. */
  get doubted() {
    return this.#plot !== null && this.#doubtful !== null && this.#doubtful < this.#now;
  }

  /** Whether the size axis does not start at 0 and shows differences. */
  get relative() {
    return this.#scale.reference !== null;
  }

  /** The milliseconds in which the line moves by about a pixel. */
  get pace() {
    if (this.#fixed !== null) return Infinity;
    return (this.#span * 1000) / Math.max(this.element.clientWidth, 100);
  }

  /** The samples of the window, oldest first, including the one in force at its beginning. */
  samples() {
    const { unit, times, sizes, lows, highs, objects, firstDot } = this.#series;
    const all = times.map((time, index) => {
      const sample = { time, size: sizes[index], objects: objects[index], index };
      return unit && index >= firstDot ? { ...sample, unit, low: lows[index], high: highs[index] } : sample;
    });
    return all.slice(this.#from, endOf(this.#series, this.#fixed ? this.#fixed[1] : Infinity));
  }

  /** Move the keyboard's cursor by a number of samples, or to an end; returns the sample. */
  move(by) {
    const samples = this.samples();
    if (samples.length === 0) return null;
    const at = samples.findIndex(({ index }) => index === this.#picked);
    const start = at >= 0 ? at : by < 0 ? samples.length : -1;
    const next = samples[Math.min(Math.max(start + by, 0), samples.length - 1)];
    this.#picked = next.index;
    this.#pointAt(next.index);
    return next;
  }

  release() {
    this.#picked = null;
    this.#chart.setCursor({ left: -10, top: -10 });
  }

  #pointAt(index) {
    const time = Math.max(this.#series.times[index] ?? 0, this.range[0]);
    const left = this.#chart.valToPos(time, "x");
    this.#chart.setCursor({ left: left + 0.01, top: this.#chart.bbox.height / devicePixelRatio / 2 });
  }

  #options(Plot) {
    const axis = { stroke: () => this.#colour.muted, font: LABEL_FONT, grid: { stroke: () => this.#colour.rule, width: 1 } };
    return {
      ...this.#dimensions(),
      tzDate: (seconds) => Plot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      padding: [10, 16, 0, 4],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: false },
        // A double click resets the page's range, not uPlot's. With shift, dragging moves the range instead.
        bind: {
          dblclick: () => null,
          mousedown: (_chart, _target, drag) => (event) => event.shiftKey || event.button !== 0 ? null : drag(event),
        },
        points: { size: 11, width: 2, stroke: () => this.#colour.data, fill: () => this.#colour.paper },
        dataIdx: (chart, _series, _closest, time) => this.#pickedOr(this.#inForceAt(chart.data[0], time)),
      },
      scales: {
        x: { range: () => this.range },
        y: { range: () => [this.#scale.low, this.#scale.high] },
      },
      axes: [
        {
          ...axis,
          size: 46,
          space: (chart) => (chart.width < 520 ? 76 : 96),
          ticks: { stroke: () => this.#colour.rule, size: 6 },
          grid: { show: false },
          values: (_chart, splits, _axis, _space, step) => timeLabels(splits, step),
        },
        {
          ...axis,
          size: (_chart, labels) => 18 + 7.2 * Math.max(4, ...(labels ?? []).map((label) => label?.length ?? 0)),
          ticks: { show: false },
          splits: (chart) => this.#ticks(chart).map(([value]) => value),
          values: (chart, splits) => this.#labels(chart, splits),
        },
      ],
      series: [
        {},
        {
          stroke: () => this.#colour.data,
          fill: () => this.#colour.area,
          width: 2.25,
          paths: Plot.paths.stepped({ align: 1 }),
          points: {
            show: true,
            size: 8,
            width: 2,
            stroke: () => this.#colour.paper,
            fill: () => this.#colour.data,
            filter: (chart) => this.#dots(chart),
          },
        },
      ],
      hooks: {
        drawAxes: [
          (chart) => this.#series.unit && drawBand(chart, this.#colour, this.#series),
          (chart) => this.doubted && drawDoubt(chart, this.#colour, this.#doubtful),
          (chart) => drawLines(chart, this.#colour, this.#lines),
        ],
        draw: [(chart) => this.#fixed === null && drawPresent(chart, this.#colour), (chart) => drawLabels(chart, this.#colour, this.#lines)],
        setCursor: [(chart) => this.#tell(chart)],
        setSelect: [(chart) => this.#select(chart)],
      },
    };
  }

  #ticks(chart) {
    if (this.#series.times.length === 0) return [];
    return ticks(this.#scale, chart.height < 280 ? 5 : 7);
  }

  #labels(chart, splits) {
    const labels = new Map(this.#ticks(chart));
    return splits.map((value) => labels.get(value) ?? "");
  }

  /** The keyboard picks a sample, even if its pixel is rounded to another one; the pointer picks an instant. */
  #pickedOr(index) {
    return this.#picked === null ? index : Math.max(this.#picked - this.#from, 0);
  }

  /** The sample in force at an instant, or the minute, hour or day that it is in. */
  #inForceAt(times, time) {
    const unit = this.#series.unit ?? 0;
    const begins = (at) => (unit ? Math.floor(at / unit) * unit : at);
    let index = times.length - 1;
    while (index > 0 && begins(times[index]) > time) index -= 1;
    return index;
  }

  #select(chart) {
    const { left, width } = chart.select;
    if (width === 0) return;
    chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    if (width >= MIN_DRAG_PIXELS) this.selected([chart.posToVal(left, "x"), chart.posToVal(left + width, "x")]);
  }

  #dots(chart) {
    if (this.#series.unit) return [];
    const first = Math.max(this.#series.firstDot - this.#from, 0);
    const last = endOf(this.#series, this.#fixed ? this.#fixed[1] : Infinity) - this.#from; // the present comes after it, and is not a sample
    const count = Math.max(Math.min(last, chart.data[0].length) - first, 0);
    const { usual, average } = this.#distances(chart, first, count);
    const fitting = usual >= APART.usual[0] ? APART.usual : average >= APART.average[0] ? APART.average : null;
    if (fitting === null) return [];
    const [, size, width] = fitting;
    Object.assign(chart.series[1].points, { size, width });
    return Array.from({ length: count }, (_, index) => first + index);
  }

  /** The distances of samples in pixels: four fifths are at least `usual`; `average` is over the whole width. */
  #distances(chart, first, count) {
    const width = chart.bbox.width / devicePixelRatio;
    if (count < 2) return { usual: width, average: width };
    const times = chart.data[0].slice(first, first + count);
    const apart = times.slice(1).map((time, index) => time - times[index]);
    const near = apart.sort((one, other) => one - other)[Math.floor(apart.length / 5)];
    return { usual: (near / this.#span) * width, average: width / count };
  }

  #tell(chart) {
    const { left, idxs } = chart.cursor;
    const index = left >= 0 ? (idxs?.[1] ?? null) : null;
    const samples = index === null ? [] : this.samples();
    this.pointed(samples.length > 0 ? samples[Math.min(index, samples.length - 1)] : null);
  }

  #resize() {
    const { width, height } = this.#dimensions();
    if (width !== this.#chart.width || height !== this.#chart.height) this.#chart.setSize({ width, height });
  }

  #dimensions() {
    const width = Math.max(this.element.clientWidth, 240);
    return { width, height: Math.round(Math.min(Math.max(width * 0.36, 250), 400)) };
  }

  #readColours() {
    const style = getComputedStyle(document.documentElement);
    this.#colour = Object.fromEntries(COLOURS.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  }
}

/** A label per time tick; the first one and every midnight also have the day. */
function timeLabels(splits, step) {
  const decimals = step < 1 ? 1 : 0;
  const long = step >= 86400;
  return splits.map((time, index) => {
    const [, month, year] = day(time).split(" ");
    if (step >= YEAR) return year;
    if (step >= MONTH) return index === 0 || new Date(time * 1000).getUTCMonth() === 0 ? `${month}\n${year}` : month;
    if (long) return day(time).slice(0, -5);
    const text = step < 60 ? clock(time, decimals) : clock(time).slice(0, 5);
    return index === 0 || time % 86400 === 0 ? `${text}\n${day(time)}` : text;
  });
}
