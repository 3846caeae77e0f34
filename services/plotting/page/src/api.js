/**
 * A client of the read API; paths are relative to the page's URL. It keeps answers with their ETags, so that a repeated
 * request for an unchanged answer costs the service one read and the network a few hundred bytes.
 */

import { browserClock } from "./clock.js";

export const TIMEOUT_MS = 20_000;
export const MAX_PAGES = 10;
export const MAX_KEPT = 40;
/** Statuses below 500 after which the same request may succeed: a timeout, and too many requests. */
const PASSING = [408, 429];

/** An answer that is not a success. `type` is the problem's, or null: API Gateway itself sends only a message. */
export class ApiError extends Error {
  constructor(status, problem) {
    super(problem?.detail ?? problem?.message ?? problem?.Message ?? `The API answered with status ${status}.`);
    this.status = status;
    this.type = problem?.type ?? null;
  }

  /** Whether the request itself is refused, so that the same one will be refused again. */
  get refusal() {
    return this.status < 500 && !PASSING.includes(this.status);
  }
}

/** The API did not answer. */
export class UnreachableError extends Error {}

export class Api {
  #kept = new Map();

  constructor(base, fetcher = (...request) => fetch(...request), clock = browserClock) {
    this.base = base;
    this.fetcher = fetcher;
    this.clock = clock;
  }

  url(path, members = {}) {
    const query = String(new URLSearchParams(Object.entries(members).filter(([, value]) => value != null)));
    return new URL(query === "" ? path : `${path}?${query}`, this.base).href;
  }

  /**
   * Ask once. Returns the JSON as `body`, whether it has `changed` since the last time, and how `fresh` it is by its
   * headers. Throws ApiError, UnreachableError, or the error of an abort.
   */
  async get(path, members, signal) {
    const url = this.url(path, members);
    const kept = this.#kept.get(url);
    const { response, body } = await this.#fetch(url, kept?.tag, signal);
    if (response.status === 304 && kept) return { body: kept.body, changed: false, fresh: freshness(response) };
    if (!response.ok) throw new ApiError(response.status, body);
    if (body === null) throw new UnreachableError("The API's answer cannot be read.");
    this.#keep(url, response.headers.get("ETag"), body);
    return { body, changed: true, fresh: freshness(response) };
  }

  /** The entries of at most `pages` pages of an answer; `more` tells whether there are others. */
  async all(path, members, entries, signal, pages = MAX_PAGES) {
    let { body } = await this.get(path, members, signal);
    const found = [...body[entries]];
    for (let page = 1; body.next && page < pages; page += 1) {
      ({ body } = await this.get(path, { ...members, cursor: body.next }, signal));
      found.push(...body[entries]);
    }
    return { found, more: Boolean(body.next) };
  }

  /** Ask for a URL, for TIMEOUT_MS at most. Nothing of a request stays behind: no timer, and no listener of the signal. */
  async #fetch(url, tag, signal) {
    const limit = new AbortController();
    const stop = () => limit.abort();
    const timer = this.clock.after(TIMEOUT_MS, stop);
    signal?.addEventListener("abort", stop);
    try {
      const response = await this.fetcher(url, {
        headers: tag ? { "If-None-Match": tag } : {},
        cache: "no-store", // the browser's cache would hide the 304 and its headers
        signal: limit.signal,
      });
      return { response, body: await json(response) };
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new UnreachableError("The API does not answer.");
    } finally {
      this.clock.cancel(timer);
      signal?.removeEventListener("abort", stop);
    }
  }

  #keep(url, tag, body) {
    this.#kept.delete(url);
    if (!tag) return;
    this.#kept.set(url, { tag, body });
    if (this.#kept.size > MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value);
  }
}

async function json(response) {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function freshness({ headers }) {
  const number = (name) => (/^\d+$/.test(headers.get(name) ?? "") ? Number(headers.get(name)) : null);
  return {
    asOf: headers.get("Tidemark-As-Of"),
    state: headers.get("Tidemark-State"),
    since: headers.get("Tidemark-State-Since"),
    reason: headers.get("Tidemark-State-Reason"),
    waiting: number("Tidemark-Queue-Waiting"),
    age: number("Tidemark-Queue-Age-Seconds"),
    deadLetters: number("Tidemark-Dead-Letters"),
    undelivered: number("Tidemark-Undelivered-Events"),
  };
}
