/** Shows the feed's news in the page's elements. It keeps what it shows in `shown`, `bucket` and `total`. */

import { asked, nameOf, write } from "./address.js";
import { ApiError } from "./api.js";
import { conditionOf, undone, waitingWords } from "./condition.js";
import { element, fill, make, say } from "./elements.js";
import { clock as timeOfDay, count, day, instant, seconds, size, things } from "./format.js";
import { lastOf, UNITS } from "./series.js";
import { bucketRows, changeRows, prefixRows } from "./tables.js";

const NEWS_EVERY_MS = 5000;
const NOT_TRACKED = "urn:tidemark:problem:bucket-not-tracked";
const NOTES = { plot: "plot", history: "changes", prefixes: "prefixes", buckets: "buckets", count: "plot", fresh: "plot" };

export class View {
  bucket = null;
  #total = null; // the time of the shown total, in seconds since 1970
  #heard = null; // the last answer: { asOf (seconds since 1970), at (milliseconds of the clock) }
  #connected = false;
  #told = -Infinity;
  #condition = null;

  constructor(chart, api, clock) {
    Object.assign(this, { chart, api, clock });
  }

  /** The service's time in seconds since 1970: that of its last answer, plus the time since while it is connected. */
  get present() {
    if (this.#heard === null) return Date.now() / 1000;
    return this.#heard.asOf + (this.#connected ? (this.clock.now() - this.#heard.at) / 1000 : 0);
  }

  get hasHeard() {
    return this.#heard !== null;
  }

  /** Begin to show another bucket or window, as the URL says. */
  show(shown) {
    const before = this.shown ?? shown;
    this.shown = shown;
    this.chart.look(shown);
    element("reset").hidden = shown.from === null;
    if (shown.bucket !== before.bucket) {
      this.#banner(null);
      this.#forget();
      this.#setBucket(null);
      this.#forgetPlot();
    }
    say(element("plot-note"), "");
  }

  count(counters, fresh) {
    this.#hear(fresh);
    this.#setBucket(counters.bucket);
    for (const name of ["created", "overwritten", "removed"]) say(element(name), count(counters[name]));
    this.#offerBuckets([...element("bucket").options].map((option) => option.value));
  }

  fresh(fresh) {
    this.#hear(fresh);
    this.#condition = conditionOf(fresh, this.bucket);
    this.#showCondition(this.#condition);
    say(element("queue"), waitingWords(fresh));
    const lost = undone(fresh);
    element("undone").hidden = lost === null;
    say(element("undone"), lost ?? "");
    this.#banner(null);
  }

  plot({ body: plot }) {
    this.chart.show(plot);
    const last = lastOf(plot);
    if (this.shown.from === null) this.#showTotal(last);
    this.#showMaxima(plot, last);
    this.#showSummary(plot, last);
    this.#showLinks();
    say(element("plot-note"), "");
    element("page").setAttribute("aria-busy", "false");
    this.draw();
  }

  history(history) {
    this.#showTotal(history.samples[0] ?? history.before);
    fill("changes", changeRows(history), "No change in the last 31 days.");
  }

  prefixes(prefixes) {
    const { rows, note } = prefixRows(prefixes);
    fill("prefixes", rows, prefixes.more ? "None of the first prefixes by name has an object." : "The bucket is empty.", note);
  }

  buckets(buckets) {
    const { rows, note } = bucketRows(buckets, { ...this.shown, bucket: this.bucket ?? this.shown.bucket });
    fill("buckets", rows, "No bucket is tracked yet.", note);
    this.#offerBuckets(buckets.found.map((one) => one.bucket));
  }

  /** A part of the page has failed; the others go on. */
  part(name, error, { again }) {
    if (name === "plot" && !again) this.#forgetPlot();
    say(element(`${NOTES[name]}-note`), `Not up to date: ${sentence(error.message)}${again ? " Trying again…" : ""}`);
  }

  /** The counters could not be had, so nothing is known to be up to date. */
  failed(error, { again }) {
    this.#connected = false;
    this.#showLamp("bad");
    if (error instanceof ApiError && error.type === NOT_TRACKED) {
      this.#showNotTracked(error);
      return;
    }
    const known = this.#heard === null ? "" : ` The page shows the state of ${instant(this.#heard.asOf)}.`;
    const hint = error.status === 403 ? " On AWS, make dashboard signs the requests; its credentials need execute-api:Invoke." : "";
    this.#banner(`${sentence(error.message)}${hint}${known}${again ? " Trying again…" : ""}`);
    say(element("state"), again ? (this.#heard === null ? "No connection" : "Connection lost") : "Refused");
    this.draw(); // the line and the clock return to the last answer
  }

  /** Draw the chart and the time as of the present. */
  draw() {
    this.chart.draw(this.present);
    element("relative").hidden = !this.chart.relative;
    element("doubtful").hidden = !this.chart.doubted;
    const held = this.#heard === null ? "" : `as of ${timeOfDay(this.#connected ? this.present : this.#heard.asOf)} UTC`;
    say(element("as-of"), held);
  }

  #hear(fresh) {
    if (!fresh.asOf) return;
    this.#heard = { asOf: seconds(fresh.asOf), at: this.clock.now() };
    this.#connected = true;
  }

  #setBucket(bucket) {
    if (bucket === this.bucket) return;
    if (this.bucket !== null) this.#forget();
    this.bucket = bucket;
    say(element("bucket-name"), bucket ?? this.shown.bucket ?? "");
    this.#title(null);
  }

  #title(total) {
    const { label, kind } = this.#condition ?? { label: null, kind: "good" };
    const parts = [kind === "good" ? null : label, total, this.bucket, "Tidemark"];
    document.title = parts.filter((part) => part !== null).join(" · ");
  }

  #showLamp(kind) {
    element("freshness").dataset.kind = kind;
    element("page").dataset.kind = kind;
  }

  #showCondition({ label, kind, headline, lines, doubtful }) {
    this.#showLamp(kind);
    say(element("state"), label);
    this.chart.doubt(doubtful);
    const target = element("condition");
    target.hidden = headline === null;
    target.dataset.kind = kind;
    const text = [headline ?? "", ...lines].join("\n");
    if (target.dataset.text !== text) {
      target.dataset.text = text;
      target.replaceChildren(...(headline === null ? [] : [make("strong", {}, headline)]), ...lines.map((line) => make("p", {}, line)));
    }
    this.#title(element("total").value ? element("total").textContent : null);
  }

  #showNotTracked(error) {
    const { bucket, window } = this.shown;
    this.#forget();
    this.#setBucket(null);
    this.#forgetPlot();
    element("condition").hidden = true;
    element("undone").hidden = true;
    element("empty").hidden = true;
    element("links").hidden = true;
    say(element("state"), "Not tracked");
    say(element("queue"), "");
    for (const table of ["changes", "prefixes"]) fill(table, [], "Not known.");
    const home = make("a", { href: write({ bucket: null, window }) }, "Show the data bucket");
    const how = error.message.includes("make track") ? "" : ` To track it: make track BUCKET=${bucket ?? ""}.`;
    this.#banner(`${error.message}${how} `, home);
  }

  /** Show a total unless a later one is shown already. */
  #showTotal(point) {
    if (!point) {
      if (this.#total === null) say(element("exact"), "No total has been recorded yet.");
      return;
    }
    const time = seconds(point.time);
    if (this.#total !== null && time < this.#total) return;
    const moved = this.#total !== null && this.#total !== time;
    this.#total = time;
    say(element("total"), size(point.total_size));
    element("total").value = String(point.total_size);
    say(element("exact"), `${things(point.total_size, "byte")} in ${things(point.object_cnt, "object")}`);
    this.#title(size(point.total_size));
    if (moved) this.#announce(point);
  }

  #announce(point) {
    const total = element("total");
    total.classList.remove("moved");
    void total.offsetWidth; // restarts the animation
    total.classList.add("moved");
    if (this.clock.now() - this.#told < NEWS_EVERY_MS) return;
    this.#told = this.clock.now();
    say(element("news"), `Total now ${size(point.total_size)} in ${things(point.object_cnt, "object")}.`);
  }

  /** Take away every number, because it is of another bucket. */
  #forget() {
    this.#total = null;
    this.#condition = null;
    element("total").value = "";
    element("condition").hidden = true;
    this.chart.doubt(null);
    for (const id of ["total", "highest", "highest-any", "created", "overwritten", "removed"]) say(element(id), "\u2013");
    for (const id of ["exact", "highest-in", "level-text"]) say(element(id), "");
    element("staff").style.setProperty("--level", "0%");
  }

  /** Take the line away, because it is not of this window. */
  #forgetPlot() {
    this.chart.show(null);
    element("chart").setAttribute("aria-label", "Total size over time: not known.");
    element("empty").hidden = true;
    say(element("samples"), "");
    this.draw();
  }

  #showMaxima({ bucket_maximum: highest, any_bucket_maximum: any, any_bucket_maximum_in: where, bucket }, last) {
    say(element("highest"), highest === null ? "\u2013" : size(highest));
    say(element("highest-any"), any === null ? "\u2013" : size(any));
    say(element("highest-in"), any === null || where === null ? "" : where === bucket ? "this one" : where);
    if (!last || highest === null) return;
    const level = highest === 0 ? 0 : Math.min(1, last.total_size / highest);
    element("staff").style.setProperty("--level", `${level * 100}%`);
    const percent = level === 1 ? "at" : `${level < 0.01 && level > 0 ? "less than 1" : Math.floor(level * 100)} % of`;
    say(element("level-text"), highest === 0 ? "" : `${percent} its highest`);
  }

  #showSummary(plot, last) {
    const unit = UNITS[plot.unit] ? `, by ${plot.unit} with minimum and maximum` : "";
    const samples = `${things(plot.sample_cnt, "sample")} ${nameOf(this.shown)}${unit}`;
    say(element("samples"), samples);
    const highest = plot.points.reduce((most, point) => Math.max(most, point.maximum ?? point.total_size), plot.before?.total_size ?? 0);
    element("empty").hidden = Boolean(last) || this.shown.from !== null;
    const [ends, has] = this.shown.from === null ? ["now", "has"] : ["at its end", "had"];
    const told = last ? ` Highest of them ${size(highest)}, ${ends} ${size(last.total_size)}.` : ` No total ${has} been recorded yet.`;
    element("chart").setAttribute("aria-label", `Total size over time: ${samples}.${told}`);
  }

  #showLinks() {
    const range = asked(this.shown);
    element("links").hidden = false;
    for (const [id, path, format] of [["png", "plot", "png"], ["svg", "plot", "svg"], ["csv", "history", "csv"], ["json", "history", "json"]]) {
      element(id).href = this.api.url(path, { bucket: this.bucket ?? this.shown.bucket, ...range, format });
    }
  }

  #banner(text, ...more) {
    const target = element("banner");
    if (text === null) {
      target.hidden = true;
      target.replaceChildren();
    } else if (target.hidden || target.dataset.text !== text) {
      target.dataset.text = text;
      target.replaceChildren(text, ...more);
      target.hidden = false;
    }
  }

  #offerBuckets(names) {
    const select = element("bucket");
    const current = this.bucket ?? this.shown.bucket;
    const all = current && !names.includes(current) ? [current, ...names] : names;
    const offered = [...select.options].map((option) => option.value);
    // A user who is choosing keeps the choice when the list is replaced.
    const value = current && document.activeElement !== select ? current : select.value;
    if (all.join("\n") !== offered.join("\n")) select.replaceChildren(...all.map((name) => make("option", { value: name }, name)));
    if (select.value !== value) select.value = value;
  }
}

function sentence(text) {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Describe the sample in force at the pointer. */
export function showSample(sample) {
  say(element("readout"), sample ? described(sample) : "Point at the chart, or use the arrow keys on it, to read a sample. Drag or + to zoom.");
}

export function described(sample) {
  if (sample.unit) return describedUnit(sample);
  return `${day(sample.time)}, ${timeOfDay(sample.time, 3)} UTC: ${size(sample.size)} in ${things(sample.objects, "object")}`;
}

/** A minute, hour or day: what its point stands for. */
function describedUnit({ time, unit, size: last, low, high, objects }) {
  const start = Math.floor(time / unit) * unit;
  const named = { 60: `the minute ${timeOfDay(start).slice(0, 5)} UTC`, 3600: `the hour from ${timeOfDay(start).slice(0, 5)} UTC`, 86400: "the day (UTC)" };
  return `${day(start)}, ${named[unit]}: ${size(low)} to ${size(high)}, at its end ${size(last)} in ${things(objects, "object")}`;
}
