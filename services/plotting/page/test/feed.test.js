import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { FakeClock } from "../fakes/clock.js";
import { cut, FakeService, hanging, point } from "../fakes/service.js";
import { Api, TIMEOUT_MS } from "../src/api.js";
import { BEAT_MS, Feed, MAX_WAIT_MS, PREFIX_PAGES, REFUSED_MS, SLOW_MS } from "../src/feed.js";

const PARTS = ["plot", "history", "prefixes", "buckets"];
const QUICK = ["count", "plot", "history"];

let clock;
let service;
let page;
let sink;
let reported;
let feed;

/** Keeps the feed's news; a test may replace a method by one that throws. */
class Sink {
  news = [];

  constructor() {
    for (const name of ["fresh", "count", ...PARTS, "part", "failed"]) {
      this[name] = (...details) => this.news.push([name, ...details]);
    }
  }

  names(...names) {
    return this.news.map(([name]) => name).filter((name) => names.length === 0 || names.includes(name));
  }

  of(name) {
    return this.news.filter(([one]) => one === name).map(([, ...details]) => details);
  }
}

beforeEach(() => {
  clock = new FakeClock();
  service = new FakeService(clock);
  page = Object.assign(new EventTarget(), { hidden: false });
  sink = new Sink();
  reported = [];
  const report = (error) => reported.push(error);
  feed = new Feed(new Api("http://127.0.0.1/v1/", service.fetch, clock), sink, { page, clock, report });
});

const follow = (bucket = "photos", window = 600) => feed.follow({ bucket, window });
const failures = () => sink.of("failed").map(([error, { again }]) => [error.message, again]);
const troubles = (name) => sink.of("part").filter(([one]) => one === name).map(([, error, { again }]) => [error.message, again]);

test("at first everything is requested and shown, the counters first", async () => {
  follow();
  await clock.advance(0);

  assert.deepEqual(service.since(0), ["count", ...PARTS]);
  assert.deepEqual(sink.names(), ["count", "fresh", ...PARTS]);
});

test("while nothing changes, a beat is one request", async () => {
  follow();
  await clock.advance(SLOW_MS - 1);

  assert.equal(service.since(1).join(), Array(SLOW_MS / BEAT_MS - 1).fill("count").join());
  assert.equal(sink.names("fresh").length, SLOW_MS / BEAT_MS);
});

test("a change brings the chart and the changes with the next beat", async () => {
  follow();
  await clock.advance(500);
  service.version += 1;
  await clock.advance(1000);

  assert.deepEqual(service.since(1), QUICK);
});

test("even if nothing changes, everything is requested again after a while", async () => {
  follow();
  await clock.advance(SLOW_MS + BEAT_MS);

  for (const part of PARTS) assert.equal(service.since(1).filter((path) => path === part).length, 1, part);
});

test("a bucket that changes every second and has thousands of prefixes costs three requests a beat, and few others", async () => {
  service.instead.count = () => service.answer(200, service.answers.count, { ETag: `"${clock.now()}"` });
  service.instead.prefixes = () => service.answer(200, { ...service.answers.prefixes, next: "more" }, { ETag: `"${clock.now()}"` });
  follow();
  await clock.advance(60_000);

  for (let beat = 0; beat < 60; beat += 1) {
    const during = service.requests.filter(({ at }) => at >= beat * BEAT_MS && at < (beat + 1) * BEAT_MS).map(({ path }) => path);
    assert.ok(during.filter((path) => QUICK.includes(path)).length <= 3, `${during}`);
  }
  const slow = service.requests.filter(({ path }) => !QUICK.includes(path));
  assert.ok(slow.length <= (60_000 / SLOW_MS + 1) * (PREFIX_PAGES + 1), `${slow.length} slow requests`);
  const inTenSeconds = service.requests.filter(({ at }) => at < 10_000).length;
  assert.ok(inTenSeconds <= 34, `${inTenSeconds} requests in 10 s`);
});

test("a window up to the present asks for the new samples alone, and once in a while for all of it", async () => {
  follow();
  await clock.advance(0);
  const { plot } = service.answers;
  plot.points = [...plot.points, point(50, 64)];
  service.version += 1;
  await clock.advance(BEAT_MS);

  const asked = () => service.requests.filter(({ path }) => path === "plot").map(({ url }) => url.searchParams.get("from"));
  assert.deepEqual(asked(), [null, point(40, 27).time]);
  assert.deepEqual(sink.of("plot").at(-1)[0].body.points, plot.points);
  await clock.advance(SLOW_MS + BEAT_MS);
  assert.equal(asked().at(-1), null);
});

test("if the new samples do not continue the known ones, all are asked for", async () => {
  follow();
  await clock.advance(0);
  service.answers.plot.points = [point(45, 1), point(50, 64)];
  service.version += 1;
  await clock.advance(BEAT_MS);

  assert.deepEqual(sink.of("plot").at(-1)[0].body.points, service.answers.plot.points);
});

test("a sample later than the service's clock is never asked from", async () => {
  service.answers.plot.points = [{ ...point(10, 18), time: "2026-11-20T08:00:01.000000Z" }];
  follow();
  await clock.advance(0);
  service.version += 1;
  await clock.advance(BEAT_MS);

  const froms = service.requests.filter(({ path }) => path === "plot").map(({ url }) => url.searchParams.get("from"));
  assert.deepEqual(froms, [null, null]);
});

test("a fixed range is asked for as it is", async () => {
  feed.follow({ bucket: "photos", window: 60, from: 1000, to: 2000.5 });
  await clock.advance(0);

  const { searchParams } = service.requests.find(({ path }) => path === "plot").url;
  assert.deepEqual([...searchParams], [["bucket", "photos"], ["format", "json"], ["from", "1970-01-01T00:16:40.000Z"], ["to", "1970-01-01T00:33:20.500Z"]]);
});

test("an error answer and then a failing network do not end the loop", async () => {
  follow();
  await clock.advance(0);
  service.instead.count = () => service.problem(500, "Out of tea.");
  await clock.advance(BEAT_MS);
  for (const path of ["count", ...PARTS]) service.instead[path] = cut;
  await clock.advance(60_000);
  service.instead = {};
  const began = clock.now();
  await clock.advance(MAX_WAIT_MS);

  assert.deepEqual(failures().slice(0, 2), [["Out of tea.", true], ["The API does not answer.", true]]);
  assert.deepEqual([...new Set(service.since(began))], ["count", ...PARTS]);
  assert.equal(sink.names("fresh", "failed").at(-1), "fresh");
  assert.deepEqual(reported, []);
});

for (const [what, fails] of [
  ["the network fails", () => cut],
  ["too many requests are refused", () => () => service.problem(429, "Too Many Requests")],
  ["the service fails", () => () => service.answer(502, null)],
  ["an answer cannot be read", () => () => service.answer(200, null)],
]) {
  test(`while ${what}, the pauses grow up to a bound`, async () => {
    service.instead.count = fails();
    follow();
    await clock.advance(120_000);

    const times = service.requests.map(({ at }) => at);
    const pauses = times.slice(1).map((time, index) => time - times[index]);
    assert.deepEqual(pauses.slice(0, 6), [1000, 2000, 4000, 8000, MAX_WAIT_MS, MAX_WAIT_MS]);
    assert.equal(Math.max(...pauses), MAX_WAIT_MS);
    assert.ok(failures().every(([, again]) => again));
  });
}

test("after a failure every part is requested with the first beat that succeeds, whatever its own pause", async () => {
  follow();
  service.instead.plot = () => service.problem(500, "Out of tea.");
  await clock.advance(20_000);
  service.instead.count = cut;
  await clock.advance(2000);
  service.instead = {};
  const began = clock.now() + 1;
  await clock.advance(4000);

  const [first] = service.requests.filter(({ at }) => at >= began);
  const together = service.requests.filter(({ at }) => at === first.at).map(({ path }) => path);
  assert.deepEqual(together, ["count", ...PARTS]);
});

test("an answer for the bucket before that arrives late is not shown", async () => {
  let arrive;
  service.instead.plot = () =>
    new Promise((resolve) => {
      arrive = () => resolve(service.answer(200, { bucket: "photos" }));
    });
  follow("photos");
  await clock.advance(0);
  const late = arrive;
  follow("videos");
  late();
  await clock.advance(0);

  assert.deepEqual(sink.of("plot"), []);
});

test("a request that hangs ends after its time, and the loop goes on", async () => {
  service.instead.count = hanging;
  follow();
  await clock.advance(TIMEOUT_MS);
  assert.deepEqual(failures(), [["The API does not answer.", true]]);
  service.instead = {};
  await clock.advance(BEAT_MS);

  assert.equal(sink.names("fresh").length, 1);
});

test("a part that hangs holds up no beat and no other part", async () => {
  service.instead.plot = hanging;
  follow();
  await clock.advance(10_000);

  assert.equal(service.since(0).filter((path) => path === "count").length, 11);
  assert.equal(service.since(0).filter((path) => path === "plot").length, 1);
  assert.deepEqual(sink.names("history", "prefixes", "buckets"), ["history", "prefixes", "buckets"]);
});

for (const part of PARTS) {
  test(`${part}: what is refused is left alone for a minute, and the other parts go on`, async () => {
    service.instead[part] = () => service.problem(400, "The range holds too many samples");
    follow();
    await clock.advance(REFUSED_MS - 1);

    assert.equal(service.since(0).filter((path) => path === part).length, 1);
    assert.deepEqual(troubles(part), [["The range holds too many samples", false]]);
    for (const other of PARTS.filter((one) => one !== part)) assert.equal(sink.of(other).length, 4, other);
    assert.deepEqual(failures(), []);
    service.instead = {};
    await clock.advance(BEAT_MS);
    assert.equal(sink.of(part).length, 1);
  });

  test(`${part}: what fails is tried again with growing pauses, and the other parts go on`, async () => {
    service.instead[part] = () => service.problem(429, "Too Many Requests");
    follow();
    await clock.advance(60_000);

    const times = service.requests.filter(({ path }) => path === part).map(({ at }) => at);
    const pauses = times.slice(1).map((time, index) => time - times[index]);
    assert.deepEqual(pauses, [1000, 2000, 4000, 8000, MAX_WAIT_MS, MAX_WAIT_MS]);
    assert.ok(troubles(part).every(([, again]) => again));
    for (const other of PARTS.filter((one) => one !== part)) assert.ok(sink.of(other).length >= 4, other);
  });

  test(`${part}: a fault while it is shown is reported and tried again, and ends nothing`, async () => {
    const fault = new RangeError("a fault of the page");
    const shown = sink[part];
    sink[part] = () => {
      throw fault;
    };
    follow();
    await clock.advance(2 * BEAT_MS);
    sink[part] = shown;
    await clock.advance(MAX_WAIT_MS);

    assert.ok(reported.length >= 1 && reported.every((error) => error === fault));
    assert.deepEqual(troubles(part)[0], ["a fault of the page", true]);
    assert.ok(sink.of(part).length >= 1);
    assert.deepEqual(failures(), []);
  });
}

for (const name of ["fresh", "count"]) {
  test(`a fault while ${name} is shown is reported, and the beats go on`, async () => {
    sink[name] = () => {
      throw new RangeError("a fault of the page");
    };
    follow();
    await clock.advance(5 * BEAT_MS);

    assert.equal(service.since(0).filter((path) => path === "count").length, 6);
    assert.equal(reported.length, 6);
    assert.deepEqual(sink.names(...PARTS), PARTS);
  });
}

test("even a fault while a failure is told ends nothing", async () => {
  sink.failed = sink.part = () => {
    throw new RangeError("a fault of the page");
  };
  for (const path of ["count", ...PARTS]) service.instead[path] = cut;
  follow();
  await clock.advance(60_000);
  service.instead = {};
  await clock.advance(MAX_WAIT_MS);

  assert.ok(reported.length > 3);
  assert.equal(sink.names("fresh").length > 0, true);
});

test("a bucket that is not tracked still shows which buckets are, and is asked for every 15 seconds", async () => {
  service.instead.count = () => service.problem(404, "bucket b is not tracked", "urn:tidemark:problem:bucket-not-tracked");
  follow("b");
  await clock.advance(SLOW_MS - 1);
  assert.deepEqual(service.since(0), ["count", "buckets"]);
  assert.deepEqual(failures(), [["bucket b is not tracked", false]]);
  service.instead = {};
  await clock.advance(BEAT_MS);

  assert.deepEqual(sink.names("fresh", "plot"), ["fresh", "plot"]);
});

test("if only the counters are forbidden, the other parts are shown all the same", async () => {
  service.instead.count = () => service.problem(403, "User is not authorized");
  follow();
  await clock.advance(SLOW_MS - 1);

  assert.deepEqual(sink.names(...PARTS), PARTS);
});

test("following another bucket ends every request for the one before", async () => {
  for (const path of PARTS) service.instead[path] = hanging;
  follow("photos");
  await clock.advance(0);
  const before = [...service.requests];
  service.instead = {};
  follow("videos");
  await clock.advance(3 * BEAT_MS);

  assert.ok(before.slice(1).every(({ signal }) => signal.aborted));
  const later = service.requests.slice(before.length).map(({ url }) => url.searchParams.get("bucket"));
  assert.ok(later.length >= 8 && later.every((bucket) => bucket === "videos" || bucket === null));
  assert.deepEqual([sink.names("part", "failed"), reported], [[], []]);
});

test("a hidden page requests nothing, and catches up as soon as it is seen", async () => {
  follow();
  await clock.advance(0);
  page.hidden = true;
  page.dispatchEvent(new Event("visibilitychange"));
  await clock.advance(0);
  const began = clock.now() + 1;
  await clock.advance(3_600_000);
  assert.deepEqual(service.since(began), []);
  page.hidden = false;
  page.dispatchEvent(new Event("visibilitychange"));
  await clock.advance(0);

  assert.equal(service.since(began)[0], "count");
  assert.equal(clock.pending, 1);
});

test("a page left open keeps neither timers nor listeners", async (context) => {
  let listeners = 0;
  const { addEventListener: add, removeEventListener: remove } = EventTarget.prototype;
  context.mock.method(EventTarget.prototype, "addEventListener", function count(...details) {
    listeners += 1;
    return add.apply(this, details);
  });
  context.mock.method(EventTarget.prototype, "removeEventListener", function count(...details) {
    listeners -= 1;
    return remove.apply(this, details);
  });
  service.instead.count = () => service.answer(200, service.answers.count, { ETag: `"${clock.now()}"` });
  follow();
  await clock.advance(10 * BEAT_MS);
  const [kept, timers] = [listeners, clock.pending];
  await clock.advance(3_600_000);

  assert.deepEqual([listeners, clock.pending], [kept, timers]);
});

for (const [owner, name] of [[AbortSignal, "any"], [AbortSignal, "timeout"], [URLSearchParams.prototype, "size"]]) {
  test(`it works without ${name}, which not every browser has`, async (context) => {
    const there = Object.getOwnPropertyDescriptor(owner, name);
    delete owner[name];
    context.after(() => Object.defineProperty(owner, name, there));
    follow();
    await clock.advance(0);

    assert.deepEqual(sink.names(), ["count", "fresh", ...PARTS]);
    assert.equal(service.requests[0].url.searchParams.get("bucket"), "photos");
  });
}
