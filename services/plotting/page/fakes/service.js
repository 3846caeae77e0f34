/** Stands in for the API behind a fetcher. A test sets the answers by path; the requests are kept with their times. */

const FRESH = {
  "Tidemark-As-Of": "2026-11-20T08:00:00.000000Z",
  "Tidemark-State": "live",
  "Tidemark-Queue-Waiting": "0",
  "Tidemark-Queue-Age-Seconds": "0",
  "Tidemark-Dead-Letters": "0",
  "Tidemark-Undelivered-Events": "0",
};
const HIGHEST = { bucket_maximum: 27, any_bucket_maximum: 50, any_bucket_maximum_in: "videos" };

export const point = (second, size) => ({
  time: `2026-11-20T07:59:${String(second).padStart(2, "0")}.000000Z`,
  total_size: size,
  object_cnt: 1,
});

const SAMPLE = { created_cnt: 1, overwritten_cnt: 0, removed_cnt: 0, changed_cnt: 1, changed_keys: ["a"] };

/** Answers about a bucket that holds 27 bytes. */
export function answersOf(bucket) {
  const points = [point(10, 18), point(40, 27)];
  return {
    count: { bucket, created: 2, overwritten: 1, removed: 0, present: 1 },
    plot: { bucket, as_of: "2026-11-20T08:00:00.000000Z", before: null, points, sample_cnt: 2, unit: "sample", ...HIGHEST },
    history: { bucket, samples: [...points].reverse().map((one) => ({ ...one, ...SAMPLE })), before: null, next: null },
    prefixes: { bucket, prefixes: [{ prefix: "a/", total_size: 27, object_cnt: 1 }], next: null },
    buckets: { buckets: [entry(bucket)], next: null },
  };
}

export function entry(bucket, state = "live", since = null, reason = null) {
  const numbers = { total_size: 27, object_cnt: 1, bucket_maximum: 27, last_change: null };
  return { bucket, state, state_since: since, state_reason: reason, ...numbers };
}

export class FakeService {
  requests = [];
  /** What to do instead of answering a path: a function of the URL that returns an answer or throws. */
  instead = {};
  fresh = {};
  version = 1;

  constructor(clock, bucket = "photos") {
    this.clock = clock;
    this.answers = answersOf(bucket);
  }

  fetch = async (text, { headers, signal }) => {
    const url = new URL(text);
    const path = url.pathname.split("/").at(-1);
    this.requests.push({ path, url, at: this.clock.now(), signal });
    if (this.instead[path]) return this.instead[path](url, signal);
    const tag = `"${this.version}"`;
    if (headers["If-None-Match"] === tag) return this.answer(304, null, { ETag: tag });
    return this.answer(200, this.#from(url, this.answers[path]), { ETag: tag });
  };

  /** The points of a chart from an instant on, if one is asked for. */
  #from(url, answer) {
    const from = url.searchParams.get("from");
    if (from === null || !answer?.points) return answer;
    return { ...answer, points: answer.points.filter((one) => one.time >= from) };
  }

  answer(status, body, headers = {}) {
    return {
      status,
      ok: status === 200,
      headers: new Headers({ ...FRESH, ...this.fresh, ...headers }),
      text: async () => (body === null ? "" : JSON.stringify(body)),
    };
  }

  problem(status, detail, type = null) {
    return this.answer(status, { type, detail });
  }

  /** The paths that were requested from an instant on. */
  since(at) {
    return this.requests.filter((request) => request.at >= at).map((request) => request.path);
  }
}

/** A fetch that ends only when its signal is aborted. */
export const hanging = (_url, signal) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
  });

export const cut = () => {
  throw new TypeError("Failed to fetch");
};
