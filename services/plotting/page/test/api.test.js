import assert from "node:assert/strict";
import { test } from "node:test";

import { Api, ApiError, MAX_KEPT, UnreachableError } from "../src/api.js";

const BASE = "http://127.0.0.1:1/stage/v1/";

function answering(...answers) {
  const requests = [];
  const fetcher = async (url, { headers }) => {
    requests.push({ url, tag: headers["If-None-Match"] });
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { api: new Api(BASE, fetcher), requests };
}

const ok = (body, headers = {}) => new Response(JSON.stringify(body), { headers });

test("a path is below the page's own", () => {
  const { api } = answering();

  assert.equal(api.url("plot", { bucket: "b", window: 10, format: null }), `${BASE}plot?bucket=b&window=10`);
});

test("a repeated request carries the ETag, and a 304 gives the kept answer with fresh headers", async () => {
  const fresh = { ETag: 'W/"1"', "Tidemark-As-Of": "2026-11-20T08:00:00.000000Z", "Tidemark-Queue-Waiting": "0" };
  const later = { ...fresh, "Tidemark-As-Of": "2026-11-20T08:00:01.000000Z", "Tidemark-Queue-Waiting": "unknown" };
  const { api, requests } = answering(ok({ n: 1 }, fresh), new Response(null, { status: 304, headers: later }));

  const first = await api.get("count", {});
  const second = await api.get("count", {});

  assert.equal(requests[1].tag, 'W/"1"');
  assert.deepEqual([first.changed, second.changed], [true, false]);
  assert.deepEqual(second.body, { n: 1 });
  assert.deepEqual([first.fresh.waiting, second.fresh.waiting], [0, null]);
  assert.equal(second.fresh.asOf, "2026-11-20T08:00:01.000000Z");
});

test("a problem keeps its type and its words", async () => {
  const problem = { type: "urn:tidemark:problem:bucket-not-tracked", detail: "bucket b is not tracked" };
  const { api } = answering(new Response(JSON.stringify(problem), { status: 404 }));

  await assert.rejects(api.get("count", {}), (error) => {
    assert.ok(error instanceof ApiError);
    assert.deepEqual([error.status, error.type, error.message], [404, problem.type, problem.detail]);
    return true;
  });
});

test("a refusal of API Gateway has its reason", async () => {
  const { api } = answering(new Response('{"Message": "User is not authorized"}', { status: 403 }));

  await assert.rejects(api.get("count", {}), /^Error: User is not authorized$/);
});

test("a refusal without a problem document has its status", async () => {
  const { api } = answering(new Response("<html>no</html>", { status: 502 }));

  await assert.rejects(api.get("count", {}), /status 502/);
});

test("silence, and an answer that cannot be read, mean that the API is unreachable", async () => {
  const { api } = answering(new TypeError("Failed to fetch"), new Response("{broken"));

  await assert.rejects(api.get("count", {}), UnreachableError);
  await assert.rejects(api.get("count", {}), UnreachableError);
});

test("all pages are read, up to a bound", async () => {
  const { api, requests } = answering(ok({ prefixes: [1], next: "a" }), ok({ prefixes: [2], next: null }));
  const endless = new Api(BASE, async () => ok({ prefixes: [0], next: "on" }));

  assert.deepEqual(await api.all("prefixes", { bucket: "b" }, "prefixes"), { found: [1, 2], more: false });
  assert.match(requests[1].url, /cursor=a/);
  const bounded = await endless.all("prefixes", {}, "prefixes");
  assert.deepEqual([bounded.found.length, bounded.more], [10, true]);
});

test("only the latest answers are kept", async () => {
  const tags = [];
  const api = new Api(BASE, async (_url, { headers }) => {
    tags.push(headers["If-None-Match"] ?? null);
    return ok({}, { ETag: '"1"' });
  });
  for (let page = 0; page <= MAX_KEPT; page += 1) await api.get("history", { page });

  await api.get("history", { page: 0 });
  await api.get("history", { page: MAX_KEPT });
  assert.deepEqual(tags.slice(-2), [null, '"1"']);
});
