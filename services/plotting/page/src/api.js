/**
 * A client of the read API; paths are relative to the page's URL. It keeps answers with their ETags, so that a repeated
 * request for an unchanged answer costs the service one read and the network a few hundred bytes.
 */

const TIMEOUT_MS = 20_000;
const MAX_PAGES = 10;
const MAX_KEPT = 40;

/** An answer that is not a success. `type` is the problem's, or null: API Gateway itself sends only a message. */
export class ApiError extends Error {
  constructor(status, problem) {
    super(problem?.detail ?? problem?.message ?? problem?.Message ?? `The API answered with status ${status}.`);
    this.status = status;
    this.type = problem?.type ?? null;
  }
}

/** The API did not answer. */
export class UnreachableError extends Error {}

export class Api {
  #kept = new Map();

  constructor(base, fetcher = (...request) => fetch(...request)) {
    this.base = base;
    this.fetcher = fetcher;
  }

  url(path, members = {}) {
    const query = new URLSearchParams(Object.entries(members).filter(([, value]) => value != null));
    return new URL(query.size > 0 ? `${path}?${query}` : path, this.base).href;
  }

  /**
   * Ask once. Returns the JSON as `body`, whether it has `changed` since the last time, and how `fresh` it is by its
   * headers. Throws ApiError, UnreachableError, or the error of an abort.
   */
  async get(path, members, signal) {
    const url = this.url(path, members);
    const kept = this.#kept.get(url);
    const response = await this.#fetch(url, kept?.tag, signal);
    if (response.status === 304 && kept) return { body: kept.body, changed: false, fresh: freshness(response) };
    const body = await json(response);
    if (!response.ok) throw new ApiError(response.status, body);
    if (body === null) throw new UnreachableError("The API's answer cannot be read.");
    this.#keep(url, response.headers.get("ETag"), body);
    return { body, changed: true, fresh: freshness(response) };
  }

  /** The entries of at most MAX_PAGES pages of an answer; `more` tells whether there are others. */
  async all(path, members, entries, signal) {
    let { body } = await this.get(path, members, signal);
    const found = [...body[entries]];
    for (let page = 1; body.next && page < MAX_PAGES; page += 1) {
      ({ body } = await this.get(path, { ...members, cursor: body.next }, signal));
      found.push(...body[entries]);
    }
    return { found, more: Boolean(body.next) };
  }

  async #fetch(url, tag, signal) {
    const limit = AbortSignal.timeout(TIMEOUT_MS);
    try {
      return await this.fetcher(url, {
        headers: tag ? { "If-None-Match": tag } : {},
        cache: "no-store", // the browser's cache would hide the 304 and its headers
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new UnreachableError("The API does not answer.");
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
  try {
    return await response.json();
  } catch {
    return null;
  }
}

function freshness({ headers }) {
  const number = (name) => (/^\d+$/.test(headers.get(name) ?? "") ? Number(headers.get(name)) : null);
  return {
    asOf: headers.get("Tidemark-As-Of"),
    state: headers.get("Tidemark-State"),
    waiting: number("Tidemark-Queue-Waiting"),
    age: number("Tidemark-Queue-Age-Seconds"),
  };
}
