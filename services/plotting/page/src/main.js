/** Wires the page together: the URL selects what the feed follows, the view shows its news, the chart moves with time. */

import { read, WINDOWS, write } from "./address.js";
import { followGestures } from "./gestures.js";
import { Api } from "./api.js";
import { Chart } from "./chart.js";
import { browserClock } from "./clock.js";
import { element, make, say } from "./elements.js";
import { Feed } from "./feed.js";
import { within } from "./range.js";
import { described, showSample, View } from "./view.js";

const MAX_FRAME_MS = 5000;
const MIN_FRAME_MS = 80;
const CALM_FRAME_MS = 1000;
const KEYS = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity, PageUp: -10, PageDown: 10 };

/** Start the page. A test brings its own plotter, fetcher, clock and report of the page's own faults. */
export function start({ Plot, fetcher, clock = browserClock, report }) {
  // The API is in the directory of the page's own URL, even if that lacks its last slash.
  const api = new Api(new URL(location.pathname.replace(/\/?$/, "/"), location.origin), fetcher, clock);
  const chart = new Chart(element("chart"), showSample, Plot, (range) => see(range));
  const view = new View(chart, api, clock);
  const feed = new Feed(api, view, { clock, report });
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let timer = 0;

  function follow() {
    const shown = read(location.hash);
    view.show(shown);
    const window = shown.from === null ? shown.window : null;
    for (const input of document.querySelectorAll("input[name=window]")) input.checked = Number(input.value) === window;
    const select = element("bucket");
    if ([...select.options].some((option) => option.value === shown.bucket)) select.value = shown.bucket;
    feed.follow(shown);
  }

  function go(changed, { replace = false } = {}) {
    const hash = write({ ...view.shown, bucket: view.bucket ?? view.shown.bucket, ...changed });
    if (!replace) location.hash = hash; // an entry of its own, so that "back" returns to what was shown
    else {
      history.replaceState(null, "", hash);
      follow();
    }
  }

  /** Show a fixed range. */
  function see(range, how) {
    const [from, to] = within(range, view.present);
    go({ from, to }, how);
  }

  function reset() {
    if (view.shown.from !== null) go({ from: null, to: null });
  }

  /** Draw the present, and again when it has moved by about a pixel. */
  function frame() {
    clock.cancel(timer);
    const fastest = calm.matches ? CALM_FRAME_MS : MIN_FRAME_MS;
    const slowest = view.hasHeard ? CALM_FRAME_MS : MAX_FRAME_MS;
    timer = clock.after(Math.min(Math.max(chart.pace, fastest), slowest), frame);
    if (!document.hidden) view.draw();
  }

  function onKey(event) {
    const by = KEYS[event.key];
    if (event.key === "Escape") {
      chart.release();
      reset();
    }
    if (by === undefined || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const sample = chart.move(by);
    say(element("news"), sample ? described(sample) : "No sample in this window.");
  }

  offerWindows();
  linkDocuments(api);
  element("bucket").addEventListener("change", (event) => go({ bucket: event.target.value }));
  element("windows").addEventListener("change", (event) => go({ window: Number(event.target.value), from: null, to: null }));
  element("reset").addEventListener("click", reset);
  followGestures(element("chart"), chart, { see, reset, present: () => view.present, clock });
  element("chart").addEventListener("keydown", onKey);
  element("chart").addEventListener("blur", () => chart.release());
  addEventListener("hashchange", follow);
  document.addEventListener("visibilitychange", frame);
  follow();
  frame();
}

/** Point the links to the API's own documents, which are beside the page even if its URL lacks the last slash. */
function linkDocuments(api) {
  for (const link of document.querySelectorAll("[data-route]")) link.href = api.url(link.dataset.route);
}

function offerWindows() {
  element("windows").append(
    ...WINDOWS.map(([value, short, long]) =>
      make("label", {}, make("input", { type: "radio", name: "window", value, "aria-label": long }), make("span", { "aria-hidden": "true" }, short)),
    ),
  );
}
