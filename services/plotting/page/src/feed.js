/**
 * Keeps the page up to date. Once a second, a beat, it requests the bucket's counters, which cost the service one read
 * and whose ETag changes with every sample. After a change it also requests the chart and the latest changes. The
 * prefixes and the list of buckets take more requests, so it requests those every 15 seconds, whatever changes. A hidden
 * page requests nothing.
 *
 * Each part of the page fares for itself. A part that is refused (a status from 400 on) is left alone for a minute. A
 * part that fails otherwise, also in the page's own code, is tried again with growing pauses. A beat never waits for a
 * part, and nothing ends the loop but `follow`.
 */

import { ApiError, UnreachableError } from "./api.js";
import { asked, isLive } from "./address.js";
import { browserClock } from "./clock.js";
import { continued, lastOf } from "./series.js";

export const BEAT_MS = 1000;
export const SLOW_MS = 15_000;
export const REFUSED_MS = 60_000;
export const MAX_WAIT_MS = 16_000;
const MIN_WAIT_MS = 250;
const HIDDEN_MS = 60_000;
/** Pages of prefixes, a thousand each, that the page looks at. */
export const PREFIX_PAGES = 3;
const CHANGES_WINDOW = 2678400;
export const SHOWN_CHANGES = 12;
/** Statuses that concern the bucket itself: its other parts would be refused too. */
const OF_THE_BUCKET = [400, 404];

/** One part of the page: how it is requested, whether with each change, and when again. */
class Part {
  wanted = true;
  asking = false;
  failures = 0;
  next = 0;
  earliest = 0;

  constructor(name, quick, ask) {
    this.name = name;
    this.quick = quick;
    this.ask = ask;
  }

  isDue(now) {
    return !this.asking && now >= this.earliest && (this.wanted || now >= this.next);
  }
}

export class Feed {
  #stop = null;
  #wake = () => {};

  /**
   * `sink` has a method for each kind of news. `fresh` tells how fresh the counters were, `count`, `plot`, `history`,
   * `prefixes` and `buckets` bring an answer, `part` that a part failed, and `failed` that a beat did.
   */
  constructor(api, sink, { page = document, clock = browserClock, report = (error) => console.error(error) } = {}) {
    Object.assign(this, { api, sink, page, clock, report });
    page.addEventListener("visibilitychange", () => this.#wake());
  }

  /** Follow a bucket (null: the data bucket) through a window or a fixed range, instead of the previous one. */
  follow(shown) {
    this.#stop?.abort();
    this.#stop = new AbortController();
    this.#run(shown, this.#stop.signal);
  }

  async #run(shown, signal) {
    const parts = this.#parts(shown, signal);
    let failures = 0;
    while (!signal.aborted) {
      const began = this.clock.now();
      let wait;
      try {
        await this.#beat(shown, parts, signal, failures > 0);
        failures = 0;
        wait = Math.max(BEAT_MS - (this.clock.now() - began), MIN_WAIT_MS);
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        const refused = error instanceof ApiError && error.refusal;
        wait = refused ? SLOW_MS : pauseAfter(failures);
        this.#tell("failed", error, { again: !refused });
        if (refused) this.#goOn(parts, error, signal);
      }
      await this.#sleep(wait, signal);
      while (this.page.hidden && !signal.aborted) await this.#sleep(HIDDEN_MS, signal);
    }
  }

  async #beat(shown, parts, signal, recovered) {
    const { body, changed, fresh } = await this.api.get("count", { bucket: shown.bucket }, signal);
    if (signal.aborted) return;
    for (const part of parts) {
      if (recovered) Object.assign(part, { wanted: true, earliest: 0 });
      // The counters came first, so a change while a part is requested changes the next beat's ETag.
      if (changed && part.quick) part.wanted = true;
    }
    this.#show("count", () => this.sink.count(body, fresh));
    this.#show("fresh", () => this.sink.fresh(fresh));
    this.#askDue(parts, signal);
  }

  /** The counters are refused: request the parts that may be answered all the same. */
  #goOn(parts, error, signal) {
    const others = OF_THE_BUCKET.includes(error.status) ? parts.filter((part) => part.name === "buckets") : parts;
    this.#askDue(others, signal);
  }

  #askDue(parts, signal) {
    for (const part of parts) if (part.isDue(this.clock.now())) this.#ask(part, signal);
  }

  /** Request one part and show it. Never throws: whatever happens concerns this part alone. */
  async #ask(part, signal) {
    Object.assign(part, { asking: true, wanted: false });
    try {
      const answer = await part.ask();
      if (signal.aborted) return;
      this.sink[part.name](answer);
      Object.assign(part, { failures: 0, next: this.clock.now() + SLOW_MS });
    } catch (error) {
      if (signal.aborted) return;
      const refused = error instanceof ApiError && error.refusal;
      part.failures += 1;
      part.wanted = true;
      part.earliest = this.clock.now() + (refused ? REFUSED_MS : pauseAfter(part.failures));
      this.#tell("part", part.name, error, { again: !refused });
    } finally {
      part.asking = false;
    }
  }

  /** Show what came with a beat. A fault of the page's own code must not look like one of the API. */
  #show(name, show) {
    try {
      show();
    } catch (error) {
      this.#tell("part", name, error, { again: true });
    }
  }

  /** Tell the sink of a failure; one of the page's own code is reported too. */
  #tell(news, ...details) {
    const error = details.find((detail) => detail instanceof Error);
    if (error && isOwn(error)) this.report(error);
    try {
      this.sink[news](...details);
    } catch (own) {
      this.report(own);
    }
  }

  #parts(shown, signal) {
    const { bucket } = shown;
    const changes = { bucket, window: CHANGES_WINDOW, order: "desc", limit: SHOWN_CHANGES + 1 };
    return [
      new Part("plot", true, this.#plotter(shown, signal)),
      new Part("history", true, async () => (await this.api.get("history", changes, signal)).body),
      new Part("prefixes", false, () => this.api.all("prefixes", { bucket }, "prefixes", signal, PREFIX_PAGES)),
      new Part("buckets", false, () => this.api.all("buckets", {}, "buckets", signal)),
    ];
  }

  /**
   * A function that asks for the chart. While the window ends at the present it asks for the new samples alone, and once
   * in a while for the whole range, because samples also leave the window.
   */
  #plotter(shown, signal) {
    const of = { bucket: shown.bucket, format: "json" };
    let known = null; // the last answer, with the samples since
    let whole = -Infinity; // when the whole range was asked for
    return async () => {
      if (known && isLive(shown) && this.clock.now() - whole < SLOW_MS) {
        const last = lastOf(known);
        // A tracker's clock may be ahead, and the service refuses an instant in the future.
        if (last && last.time <= known.as_of) {
          const { body } = await this.api.get("plot", { ...of, from: last.time }, signal);
          known = continued(known, body);
          if (known) return { body: known };
        }
      }
      const asking = this.clock.now();
      const answer = await this.api.get("plot", { ...of, ...asked(shown) }, signal);
      [known, whole] = [answer.body, asking];
      return answer;
    };
  }

  #sleep(milliseconds, signal) {
    return new Promise((resolve) => {
      let timer = null;
      const done = () => {
        this.clock.cancel(timer);
        signal.removeEventListener("abort", done);
        resolve();
      };
      timer = this.clock.after(milliseconds, done);
      signal.addEventListener("abort", done);
      this.#wake = done;
    });
  }
}

function pauseAfter(failures) {
  return Math.min(BEAT_MS * 2 ** (failures - 1), MAX_WAIT_MS);
}

/** Whether an error is the page's own: the API's are of two classes. */
function isOwn(error) {
  return !(error instanceof ApiError || error instanceof UnreachableError);
}
