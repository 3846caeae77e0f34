/** Wires the page together: the URL selects what the feed follows, the feed's news are shown, the chart moves with time. */

import { nameOf, read, WINDOWS, write } from "./address.js";
import { Api, ApiError } from "./api.js";
import { Chart } from "./chart.js";
import { element, make, say } from "./elements.js";
import { Feed } from "./feed.js";
import { ago, clock, count, day, instant, seconds, size, things } from "./format.js";
import { bucketRows, changeRows, prefixRows } from "./tables.js";

const MAX_FRAME_MS = 5000;
const MIN_FRAME_MS = 80;
const CALM_FRAME_MS = 1000;
const NEWS_EVERY_MS = 5000;
const NOT_TRACKED = "urn:tidemark:problem:bucket-not-tracked";

/** The API is in the directory of the page's own URL, even if that lacks its last slash. */
const base = new URL(location.pathname.replace(/\/?$/, "/"), location.origin);
const calm = matchMedia("(prefers-reduced-motion: reduce)");

const state = {
  shown: read(location.hash),
  bucket: null,
  total: null,
  heard: null, // the last answer: { asOf (seconds since 1970), at (this browser's monotonic milliseconds) }
  connected: false,
  lastNews: -Infinity,
};

const chart = new Chart(element("chart"), showSample);
const api = new Api(base);

/** The service's time in seconds since 1970: that of its last answer, plus the time since while it is connected. */
function present() {
  if (state.heard === null) return Date.now() / 1000;
  return state.heard.asOf + (state.connected ? (performance.now() - state.heard.at) / 1000 : 0);
}

const feed = new Feed(api, {
  fresh(fresh) {
    hear(fresh);
    showFreshness(fresh);
    banner(null);
  },

  plot(plot, fresh) {
    hear(fresh);
    if (state.bucket !== plot.bucket) forgetNumbers();
    state.bucket = plot.bucket;
    chart.show(plot, state.shown.window);
    showTotal(plot.points.at(-1) ?? plot.before);
    showMaxima(plot);
    showSummary(plot);
    showLinks(plot.bucket);
    offerBuckets([...element("bucket").options].map((option) => option.value), plot.bucket);
    element("page").setAttribute("aria-busy", "false");
    frame();
  },

  count(counters) {
    for (const name of ["created", "overwritten", "removed"]) say(element(name), count(counters[name]));
  },

  history(history) {
    fill("changes", changeRows(history), "No change in the last 31 days.");
  },

  prefixes(prefixes) {
    const { rows, note } = prefixRows(prefixes);
    fill("prefixes", rows, "The bucket is empty.", note);
  },

  buckets(buckets) {
    const shown = { ...state.shown, bucket: state.bucket ?? state.shown.bucket };
    const note = buckets.more ? `The first ${count(buckets.found.length)} by name. To open another one, put its name into the URL.` : "";
    fill("buckets", bucketRows(buckets, shown), "No bucket is tracked yet.", note);
    offerBuckets(buckets.found.map((one) => one.bucket), shown.bucket);
  },

  part(name, error) {
    const table = { history: "changes" }[name] ?? name;
    say(element(`${table}-note`), `Not up to date: ${error.message}`);
  },

  failed(error) {
    state.connected = false;
    if (error instanceof ApiError && error.type === NOT_TRACKED) {
      showNotTracked();
      return;
    }
    const known = state.heard === null ? "" : ` The page shows the state of ${instant(state.heard.asOf)}.`;
    const hint = error.status === 403 ? " On AWS, make dashboard signs the requests; its credentials need execute-api:Invoke." : "";
    banner(`${error.message}${hint}${known} Trying again…`);
    showState("lost", state.heard === null ? "No connection" : "Connection lost");
    frame(); // the line and the clock return to the last answer
  },
});

function hear(fresh) {
  if (!fresh.asOf) return;
  state.heard = { asOf: seconds(fresh.asOf), at: performance.now() };
  state.connected = true;
}

function showFreshness({ state: condition, waiting, age }) {
  const adopting = condition === "adopting";
  showState(adopting ? "adopting" : "live", adopting ? "Adopting" : "Live");
  element("adopting").hidden = !adopting;
  const late = age ? `, up to ${ago(age).replace(" ago", "")} old` : "";
  const queue = waiting === null ? "queue unknown" : waiting === 0 ? "queue empty" : `${things(waiting, "change")} waiting${late}`;
  say(element("queue"), queue);
}

function showState(kind, text) {
  element("freshness").dataset.state = kind;
  say(element("state"), text);
}

function showNotTracked() {
  const { bucket, window } = state.shown;
  forgetNumbers();
  state.bucket = null;
  chart.show(null, window);
  frame();
  element("links").hidden = true;
  element("empty").hidden = true;
  say(element("samples"), "");
  showState("lost", "Not tracked");
  say(element("bucket-name"), bucket ?? "");
  say(element("queue"), "");
  for (const table of ["changes", "prefixes"]) fill(table, [], "Not known.");
  const home = make("a", { href: write({ bucket: null, window }) }, "Show the data bucket");
  banner(`${bucket ?? "The data bucket"} is not tracked, so there is no history of it. To track it: make track BUCKET=${bucket ?? ""}. `, home);
}

function showTotal(point) {
  say(element("bucket-name"), state.bucket);
  document.title = point ? `${size(point.total_size)} · ${state.bucket} · Tidemark` : `${state.bucket} · Tidemark`;
  if (!point) {
    forgetNumbers();
    say(element("exact"), "No total has been recorded yet.");
    return;
  }
  const moved = state.total !== null && state.total !== point.time;
  state.total = point.time;
  say(element("total"), size(point.total_size));
  element("total").value = point.total_size;
  say(element("exact"), `${things(point.total_size, "byte")} in ${things(point.object_cnt, "object")}`);
  if (moved) announce(point);
}

function announce(point) {
  const total = element("total");
  total.classList.remove("moved");
  void total.offsetWidth; // restarts the animation
  total.classList.add("moved");
  if (performance.now() - state.lastNews < NEWS_EVERY_MS) return;
  state.lastNews = performance.now();
  say(element("news"), `Total now ${size(point.total_size)} in ${things(point.object_cnt, "object")}.`);
}

function forgetNumbers() {
  state.total = null;
  element("total").value = "";
  for (const id of ["total", "highest", "highest-any", "created", "overwritten", "removed"]) say(element(id), "\u2013");
  for (const id of ["exact", "highest-in", "level-text"]) say(element(id), "");
  element("staff").style.setProperty("--level", "0%");
}

function showMaxima(plot) {
  const { bucket_maximum: highest, any_bucket_maximum: any, any_bucket_maximum_in: where } = plot;
  const total = (plot.points.at(-1) ?? plot.before)?.total_size ?? null;
  say(element("highest"), highest === null ? "\u2013" : size(highest));
  say(element("highest-any"), any === null ? "\u2013" : size(any));
  say(element("highest-in"), any === null || where === null ? "" : where === plot.bucket ? "this one" : where);
  if (total === null || highest === null) return;
  const level = highest === 0 ? 0 : Math.min(1, total / highest);
  element("staff").style.setProperty("--level", `${level * 100}%`);
  const percent = level === 1 ? "at" : `${level < 0.01 && level > 0 ? "less than 1" : Math.floor(level * 100)} % of`;
  say(element("level-text"), highest === 0 ? "" : `${percent} its highest`);
}

function showSummary(plot) {
  const thinned = plot.thinned ? `, ${count(plot.points.length)} of them drawn (every peak is kept)` : "";
  const samples = `${things(plot.sample_cnt, "sample")} in the last ${nameOf(state.shown.window)}${thinned}`;
  say(element("samples"), samples);
  const last = plot.points.at(-1) ?? plot.before;
  const highest = plot.points.reduce((most, point) => Math.max(most, point.total_size), plot.before?.total_size ?? 0);
  element("empty").hidden = last !== null && last !== undefined;
  const told = last ? ` Highest of them ${size(highest)}, now ${size(last.total_size)}.` : " No total has been recorded yet.";
  element("chart").setAttribute("aria-label", `Total size over time: ${samples}.${told}`);
}

function showLinks(bucket) {
  const { window } = state.shown;
  element("links").hidden = false;
  for (const [id, path, format] of [["png", "plot", "png"], ["svg", "plot", "svg"], ["csv", "history", "csv"], ["json", "history", "json"]]) {
    element(id).href = api.url(path, { bucket, window, format });
  }
}

/** Describe the sample in force at the pointer. */
function showSample(sample) {
  say(element("readout"), sample ? described(sample) : "Point at the chart, or use the arrow keys on it, to read a sample.");
}

function described(sample) {
  return `${day(sample.time)}, ${clock(sample.time, 3)} UTC: ${size(sample.size)} in ${things(sample.objects, "object")}`;
}

function fill(table, rows, otherwise, note = "") {
  element(`${table}-rows`).replaceChildren(...rows);
  element(`${table}-table`).hidden = rows.length === 0;
  say(element(`${table}-note`), rows.length === 0 ? otherwise : note);
}

function banner(text, ...more) {
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

function offerBuckets(names, current) {
  const select = element("bucket");
  const all = current && !names.includes(current) ? [current, ...names] : names;
  const offered = [...select.options].map((option) => option.value);
  // A user who is choosing keeps the choice when the list is replaced.
  const value = current && document.activeElement !== select ? current : select.value;
  if (all.join("\n") !== offered.join("\n")) select.replaceChildren(...all.map((name) => make("option", { value: name }, name)));
  select.value = value;
}

/** Point the links to the API's own documents, which are beside the page even if its URL lacks the last slash. */
function linkDocuments() {
  for (const link of document.querySelectorAll("[data-route]")) link.href = api.url(link.dataset.route);
}

function offerWindows() {
  element("windows").append(
    ...WINDOWS.map(([value, short, long]) =>
      make("label", {}, make("input", { type: "radio", name: "window", value, "aria-label": long }), make("span", { "aria-hidden": "true" }, short)),
    ),
  );
}

function go(changed) {
  location.hash = write({ bucket: state.bucket ?? state.shown.bucket, ...state.shown, ...changed });
}

function follow() {
  const before = state.shown;
  state.shown = read(location.hash);
  if (state.shown.bucket !== before.bucket) banner(null);
  for (const input of document.querySelectorAll("input[name=window]")) input.checked = Number(input.value) === state.shown.window;
  const { bucket } = state.shown;
  if (bucket && [...element("bucket").options].some((option) => option.value === bucket)) element("bucket").value = bucket;
  feed.follow(state.shown);
}

let timer = 0;

/** Draw the present, and again when it has moved by about a pixel. */
function frame() {
  clearTimeout(timer);
  if (!document.hidden) {
    chart.draw(present());
    element("relative").hidden = !chart.relative;
    const held = state.heard === null ? "" : `as of ${clock(state.connected ? present() : state.heard.asOf)} UTC`;
    say(element("as-of"), held);
  }
  const fastest = calm.matches ? CALM_FRAME_MS : MIN_FRAME_MS;
  timer = setTimeout(frame, Math.min(Math.max(chart.pace, fastest), state.heard ? CALM_FRAME_MS : MAX_FRAME_MS));
}

function onKey(event) {
  const by = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity, PageUp: -10, PageDown: 10 }[event.key];
  if (event.key === "Escape") chart.release();
  if (by === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const sample = chart.move(by);
  say(element("news"), sample ? described(sample) : "No sample in this window.");
}

offerWindows();
linkDocuments();
element("bucket").addEventListener("change", (event) => go({ bucket: event.target.value }));
element("windows").addEventListener("change", (event) => go({ window: Number(event.target.value) }));
element("chart").addEventListener("keydown", onKey);
element("chart").addEventListener("blur", () => chart.release());
addEventListener("hashchange", follow);
document.addEventListener("visibilitychange", frame);
follow();
frame();
