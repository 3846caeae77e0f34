/**
 * Keeps the page up to date. Once a second it requests the bucket's counters, which cost the service one read and whose
 * ETag changes with every sample. It requests the rest only after such a change, and every 15 seconds. A hidden page
 * requests nothing.
 */

import { ApiError, UnreachableError } from "./api.js";

export const BEAT_MS = 1000;
const MIN_WAIT_MS = 250;
const MAX_WAIT_MS = 8000;
const REFUSED_WAIT_MS = 4000;
const REFRESH_MS = 15_000;
const CHANGES_WINDOW = 2678400;
export const SHOWN_CHANGES = 12;

export class Feed {
  #stop = null;
  #wake = () => {};

  /** `sink` has one method per kind of news: fresh, plot, count, history, prefixes, buckets, part, failed. */
  constructor(api, sink, page = document) {
    this.api = api;
    this.sink = sink;
    this.page = page;
    page.addEventListener("visibilitychange", () => this.#wake());
  }

  /** Follow a bucket (null: the data bucket) through a window in seconds, instead of the previous one. */
  follow(shown) {
    this.#stop?.abort();
    this.#stop = new AbortController();
    this.#run(shown, this.#stop.signal);
  }

  async #run(shown, signal) {
    let failures = 0;
    let refreshed = -Infinity;
    while (!signal.aborted) {
      const began = performance.now();
      let wait;
      try {
        const beat = await this.api.get("count", { bucket: shown.bucket }, signal);
        const bucket = beat.body.bucket;
        const due = performance.now() - refreshed > REFRESH_MS;
        if (beat.changed || due) {
          // The counters came first, so a change during the refresh changes the next beat's ETag.
          await this.#refresh({ ...shown, bucket }, beat, signal);
          refreshed = performance.now();
        }
        this.sink.fresh(beat.fresh);
        failures = 0;
        wait = Math.max(BEAT_MS - (performance.now() - began), MIN_WAIT_MS);
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        refreshed = -Infinity;
        wait = error instanceof ApiError ? REFUSED_WAIT_MS : Math.min(BEAT_MS * 2 ** (failures - 1), MAX_WAIT_MS);
        this.sink.failed(error);
        if (!(error instanceof ApiError || error instanceof UnreachableError)) throw error;
        // If the bucket is not tracked, the user may choose another one.
        if (error instanceof ApiError) await this.#part("buckets", () => this.#buckets(signal), signal);
      }
      await this.#pause(wait, signal);
    }
  }

  async #refresh({ bucket, window }, beat, signal) {
    const { body: plot, fresh } = await this.api.get("plot", { bucket, window, format: "json" }, signal);
    if (signal.aborted) return;
    this.sink.plot(plot, fresh);
    this.sink.count(beat.body);
    await Promise.all([
      this.#part("history", () => this.#history(bucket, signal), signal),
      this.#part("prefixes", () => this.api.all("prefixes", { bucket }, "prefixes", signal), signal),
      this.#part("buckets", () => this.#buckets(signal), signal),
    ]);
  }

  /** Refresh one part of the page. If that fails, the other parts stay. */
  async #part(name, ask, signal) {
    try {
      const answer = await ask();
      if (!signal.aborted) this.sink[name](answer);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof UnreachableError) throw error;
      if (!(error instanceof ApiError)) throw error;
      this.sink.part(name, error);
    }
  }

  async #history(bucket, signal) {
    const members = { bucket, window: CHANGES_WINDOW, order: "desc", limit: SHOWN_CHANGES + 1 };
    return (await this.api.get("history", members, signal)).body;
  }

  #buckets(signal) {
    return this.api.all("buckets", {}, "buckets", signal);
  }

  /** Wait, and then until the page is visible. */
  async #pause(milliseconds, signal) {
    await this.#sleep(milliseconds, signal);
    while (this.page.hidden && !signal.aborted) await this.#sleep(60_000, signal);
  }

  #sleep(milliseconds, signal) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      const now = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#wake = now;
      signal.addEventListener("abort", now, { once: true });
    });
  }
}
