import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { FakeClock } from "../fakes/clock.js";
import { FakePlot, openPage } from "../fakes/dom.js";
import { answersOf, cut, entry, FakeService, point } from "../fakes/service.js";
import { start } from "../src/main.js";

const SINCE = "2026-11-20T07:59:50.000000Z";
const NOT_TRACKED = "urn:tidemark:problem:bucket-not-tracked";

let clock;
let service;
let page;
let faults;

async function open(hash = "#bucket=photos&window=60") {
  page = openPage(hash);
  start({ Plot: FakePlot, fetcher: service.fetch, clock, report: (error) => faults.push(error) });
  await clock.advance(0);
}

beforeEach(() => {
  clock = new FakeClock();
  service = new FakeService(clock);
  faults = [];
});

const shownIds = (...ids) => ids.filter((id) => !page.element(id).hidden);

test("the page asks the API beside it and shows what it answers", async () => {
  await open();

  assert.equal(service.requests[0].url.href, "http://127.0.0.1:1/stage/v1/count?bucket=photos");
  assert.deepEqual(["bucket-name", "total", "exact", "highest", "highest-any", "highest-in"].map(page.text), [
    "photos", "27 B", "27 bytes in 1 object", "27 B", "50 B", "videos",
  ]);
  assert.deepEqual([page.text("state"), page.text("queue"), page.text("created")], ["Live", "queue empty", "2"]);
  assert.equal(page.document.title, "27 B · photos · Tidemark");
  assert.deepEqual(shownIds("banner", "condition", "undone", "empty", "doubtful"), []);
  assert.equal(page.element("changes-rows").children.length, 2);
  assert.deepEqual(faults, []);
});

test("without a bucket in the URL it is the data bucket's page, by the name that the API gives", async () => {
  service = new FakeService(clock, "data-bucket");
  await open("");

  assert.deepEqual([page.text("bucket-name"), page.element("bucket").value], ["data-bucket", "data-bucket"]);
});

for (const [state, label, kind, said] of [
  ["deaf", "Deaf", "bad", /not been heard since 20 Nov 2026, 07:59:50 UTC[^]*Why: switched off/],
  ["gone", "Gone", "bad", /is gone/],
  ["recovering", "Recovering", "warn", /heard again since/],
  ["adopting", "Adopting", "warn", /being adopted/],
]) {
  test(`a bucket that is ${state} does not look fine, and looks fine again when it is`, async () => {
    service.fresh = { "Tidemark-State": state, "Tidemark-State-Since": SINCE, "Tidemark-State-Reason": "switched off" };
    service.answers.buckets.buckets = [entry("photos", state, SINCE, "switched off")];
    await open();

    assert.equal(page.text("state"), label);
    assert.deepEqual([page.element("freshness").dataset.kind, page.element("page").dataset.kind], [kind, kind]);
    assert.deepEqual(shownIds("condition"), ["condition"]);
    assert.match(page.text("condition"), said);
    assert.ok(page.document.title.startsWith(label));
    assert.equal(page.element("doubtful").hidden, kind !== "bad");
    assert.equal(page.element("buckets-rows").children[0].withClass("kind")[0].textContent, label);
    service.fresh = {};
    await clock.advance(2000);
    assert.equal(page.text("state"), "Live");
    assert.deepEqual(shownIds("condition", "doubtful"), []);
    assert.ok(page.document.title.startsWith("27 B"));
  });
}

test("dead letters are said, and no longer when they are gone", async () => {
  service.fresh = { "Tidemark-Dead-Letters": "3" };
  await open();
  assert.match(page.text("undone"), /^3 messages could not be processed.*make redrive/);
  service.fresh = {};
  await clock.advance(1000);

  assert.deepEqual(shownIds("undone"), []);
});

test("a window that cannot be answered yet loses its line and says why; the total and the tables stay right", async () => {
  await open();
  service.instead.plot = () => service.problem(404, "out of order.");
  service.answers.history.samples.unshift({ ...service.answers.history.samples[0], ...point(55, 64) });
  service.version += 1;
  page.go("#bucket=photos&window=2678400");
  await clock.advance(1000);

  assert.equal(page.text("plot-note"), "Not up to date: out of order.");
  assert.deepEqual(FakePlot.last.data, [[], []]);
  assert.deepEqual([page.text("total"), page.text("state")], ["64 B", "Live"]);
  assert.equal(page.element("changes-rows").children.length, 3);
  assert.deepEqual(shownIds("banner"), []);
  delete service.instead.plot;
  page.go("#bucket=photos&window=60");
  await clock.advance(0);
  assert.equal(page.text("plot-note"), "");
  assert.ok(FakePlot.last.data[0].length > 0);
});

test("a selected part of the chart is shown, is in the URL, and a reset returns to the window", async () => {
  await open();
  const { hooks } = FakePlot.last.options;
  FakePlot.last.select = { left: 350, width: 175 };
  hooks.setSelect.forEach((hook) => hook(FakePlot.last));
  assert.match(page.location.hash, /^#bucket=photos&window=60&from=2026-11-20T07:59:30.\d+Z&to=2026-11-20T07:59:45.\d+Z$/);
  page.go(page.location.hash);
  await clock.advance(0);

  assert.equal(page.element("reset").hidden, false);
  assert.match(page.text("samples"), /^2 samples from 20 Nov 2026, 07:59:30 to 07:59:45 UTC$/);
  assert.match(page.element("png").href, /from=2026-11-20T07%3A59%3A30/);
  page.element("chart").dispatchEvent(new Event("dblclick"));
  assert.equal(page.location.hash, "#bucket=photos&window=60");
  page.go(page.location.hash);
  await clock.advance(0);
  assert.equal(page.element("reset").hidden, true);
});

test("the chart can be moved and zoomed by keys, and Escape returns to the present", async () => {
  await open();
  const press = (key, details = {}) => page.element("chart").dispatchEvent(Object.assign(new Event("keydown"), { key, ...details }));
  press("ArrowLeft", { shiftKey: true });
  press("+");
  await clock.advance(1000);

  assert.match(page.location.hash, /from=2026-11-20T07:59:00.\d+Z&to=2026-11-20T07:59:30.\d+Z$/);
  press("Escape");
  assert.equal(page.location.hash, "#bucket=photos&window=60");
});

test("a point of an hour is read with its extremes", async () => {
  service.answers.plot = { ...service.answers.plot, unit: "hour", sample_cnt: 5000, points: [{ ...point(40, 27), minimum: 2, maximum: 64 }] };
  await open("#bucket=photos&window=86400");
  page.element("chart").dispatchEvent(Object.assign(new Event("keydown"), { key: "End" }));

  assert.equal(page.text("readout"), "20 Nov 2026, the hour from 07:00 UTC: 2 B to 64 B, at its end 27 B in 1 object");
  assert.equal(page.text("samples"), "5,000 samples in the last 1 day, by hour with minimum and maximum");
});

test("a part that fails says so beside itself, and is shown again", async () => {
  service.instead.prefixes = () => service.problem(500, "Out of tea.");
  await open();
  assert.equal(page.text("prefixes-note"), "Not up to date: Out of tea. Trying again…");
  assert.deepEqual(shownIds("banner"), []);
  service.instead = {};
  await clock.advance(2000);

  assert.equal(page.text("prefixes-note"), "");
  assert.equal(page.element("prefixes-rows").children.length, 1);
});

test("a lost connection is said with what is still shown, the clock stands still, and it comes back", async () => {
  await open();
  for (const path of ["count", "plot", "history", "prefixes", "buckets"]) service.instead[path] = cut;
  await clock.advance(1000);
  const held = page.text("as-of");
  await clock.advance(3000);

  assert.equal(page.text("state"), "Connection lost");
  assert.match(page.text("banner"), /^The API does not answer\. The page shows the state of 20 Nov 2026, 08:00:00 UTC\. Trying again…$/);
  assert.deepEqual([page.text("as-of"), page.text("total")], [held, "27 B"]);
  assert.equal(page.element("freshness").dataset.kind, "bad");
  service.instead = {};
  await clock.advance(16_000);
  assert.deepEqual([page.text("state"), ...shownIds("banner")], ["Live"]);
});

test("a refusal is not said to be tried again", async () => {
  service.instead.count = () => service.problem(403, "User is not authorized");
  await open();

  assert.equal(page.text("state"), "Refused");
  assert.match(page.text("banner"), /^User is not authorized\. On AWS, make dashboard signs[^…]*$/);
});

test("a bucket that is not tracked has no number, and is said to be so with what the API knows of it", async () => {
  const kept = "bucket photos is not tracked: its history is kept, and make track BUCKET=photos shows it again.";
  await open();
  service.instead.count = () => service.problem(404, kept, NOT_TRACKED);
  await clock.advance(1000);

  assert.deepEqual([page.text("state"), page.text("total"), page.text("bucket-name")], ["Not tracked", "\u2013", "photos"]);
  assert.equal(page.text("banner"), `${kept} Show the data bucket`);
  assert.deepEqual(FakePlot.last.data, [[], []]);
});

test("a bucket that never was tracked is said to be so with the way to track it", async () => {
  service.instead.count = () => service.problem(404, "bucket photos is not tracked: there is no history of it.", NOT_TRACKED);
  await open();

  assert.match(page.text("banner"), /no history of it\. To track it: make track BUCKET=photos\./);
});

test("another bucket's numbers are taken away before its own come", async () => {
  await open();
  service.instead.count = () => new Promise(() => {});
  page.go("#bucket=videos&window=60");
  await clock.advance(0);

  assert.deepEqual([page.text("bucket-name"), page.text("total"), page.text("highest")], ["videos", "\u2013", "\u2013"]);
  assert.deepEqual(FakePlot.last.data, [[], []]);
  service.answers = answersOf("videos");
  service.version += 1;
  service.instead = {};
  page.go("#bucket=videos&window=600");
  await clock.advance(0);
  assert.deepEqual([page.text("bucket-name"), page.text("total")], ["videos", "27 B"]);
});

test("a later total is never replaced by an earlier one that arrives late", async () => {
  let arrive;
  service.answers.plot.points = [point(10, 18)];
  service.instead.plot = () =>
    new Promise((resolve) => {
      arrive = () => resolve(service.answer(200, service.answers.plot));
    });
  await open();
  assert.equal(page.text("total"), "27 B");
  arrive();
  await clock.advance(0);

  assert.deepEqual([page.text("total"), FakePlot.last.data[1][0]], ["27 B", 18]);
});

test("if the data bucket becomes another one, the numbers of the one before are taken away", async () => {
  service = new FakeService(clock, "data-bucket");
  await open("");
  service.answers = answersOf("other");
  service.version += 1;
  for (const path of ["plot", "history"]) service.instead[path] = () => new Promise(() => {});
  await clock.advance(1000);

  assert.deepEqual([page.text("bucket-name"), page.text("total")], ["other", "\u2013"]);
});

test("a page that nobody sees draws nothing", async () => {
  await open();
  page.document.hidden = true;
  await clock.advance(1000);
  const { sets } = FakePlot.last;
  await clock.advance(60_000);

  assert.equal(FakePlot.last.sets, sets);
});

test("rows that stay the same are left, so that focus and selection stay", async () => {
  await open();
  const [row] = page.element("buckets-rows").children;
  await clock.advance(16_000);
  assert.equal(page.element("buckets-rows").children[0], row);
  service.answers.buckets.buckets[0].total_size = 28;
  service.version += 1;
  await clock.advance(16_000);

  assert.notEqual(page.element("buckets-rows").children[0], row);
});

test("a fault in drawing the chart ends neither the beats nor the drawing", async () => {
  await open();
  const { setData } = FakePlot.prototype;
  FakePlot.prototype.setData = () => {
    throw new RangeError("a fault of the page");
  };
  service.version += 1;
  let frames = 0;
  for (let step = 0; step < 40; step += 1) await clock.advance(50).catch(() => (frames += 1)); // a browser reports these
  assert.match(page.text("plot-note"), /^Not up to date: a fault of the page\. Trying again…$/);
  FakePlot.prototype.setData = setData;
  await clock.advance(5000);

  assert.ok(frames >= 2 && faults.length >= 1);
  assert.ok(service.since(3000).includes("count"));
  assert.equal(page.text("plot-note"), "");
});

test("the keyboard reads samples aloud", async () => {
  await open();
  const press = (key) => page.element("chart").dispatchEvent(Object.assign(new Event("keydown"), { key }));
  press("End");

  assert.equal(page.text("news"), "20 Nov 2026, 07:59:40.000 UTC: 27 B in 1 object");
  press("ArrowLeft");
  assert.match(page.text("readout"), /18 B in 1 object$/);
  press("Escape");
  assert.match(page.text("readout"), /arrow keys/);
});

test("choosing a bucket or a window is a new URL that keeps the other", async () => {
  await open();
  const choose = (id, value) => {
    const event = new Event("change");
    Object.defineProperty(event, "target", { value: { value } });
    page.element(id).dispatchEvent(event);
    return page.location.hash;
  };

  assert.equal(choose("windows", "3600"), "#bucket=photos&window=3600");
  assert.equal(choose("bucket", "My_Bucket"), "#bucket=My_Bucket&window=60");
});
