import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { openPage } from "../fakes/dom.js";
import { entry, point } from "../fakes/service.js";
import { bucketRows, changeRows, prefixRows } from "../src/tables.js";

const SHOWN = { bucket: "photos", window: 60 };
const counters = (created, overwritten, removed) => ({ created_cnt: created, overwritten_cnt: overwritten, removed_cnt: removed });
const sample = (second, size, counted, changed_keys = [], changed_cnt = changed_keys.length) => ({
  ...point(second, size), ...counters(...counted), changed_keys, changed_cnt,
});
const cells = (row) => row.children.map((cell) => cell.textContent);

beforeEach(() => openPage());

test("a change is compared with the sample before it", () => {
  const rows = changeRows({ samples: [sample(30, 27, [2, 1, 0], ["b"]), sample(20, 18, [1, 0, 0], ["a"])], next: null });

  assert.deepEqual(cells(rows[0]).slice(1), ["+9 B", "27 B", "1", "createdoverwrittenb"]);
  assert.deepEqual(cells(rows[1]).slice(1), ["first", "18 B", "1", "a"]);
});

test("where older samples are not known, a row has no change and is not called the first", () => {
  const [row] = changeRows({ samples: [sample(20, 18, [1, 0, 0], ["a"])], next: "more" });

  assert.equal(cells(row)[1], "");
});

test("further keys are counted, one key is 1 key, and a sample without any is the baseline", () => {
  const what = (keys, count) => cells(changeRows({ samples: [sample(20, 18, [0, 0, 0], keys, count)], next: null })[0])[4];

  assert.deepEqual([what(["a"], 3), what([], 1), what([], 2), what([], 0)], ["aand 2 more", "1 key", "2 keys", "baseline"]);
});

test("a key's control characters are written out", () => {
  const [row] = changeRows({ samples: [sample(20, 18, [0, 0, 0], ["a\u202eb\tc"])], next: null });

  assert.equal(cells(row)[4], "a\\u{202e}b\\u{9}c");
});

test("no more than twelve changes are shown", () => {
  assert.equal(changeRows({ samples: Array.from({ length: 13 }, (_, index) => sample(40 - index, index, [0, 0, 0])), next: null }).length, 12);
});

test("the largest prefixes come first, the others are counted", () => {
  const found = Array.from({ length: 30 }, (_, index) => ({ prefix: `p${index}/`, total_size: index, object_cnt: 1 }));

  const { rows, note } = prefixRows({ found, more: false });
  assert.deepEqual([rows.length, cells(rows[0])[0], note], [9, "p29/", "The 9 largest of 30."]);
  assert.equal(prefixRows({ found, more: true }).note, "The largest of the first 30 by name. There are more.");
  assert.equal(cells(prefixRows({ found: [{ prefix: ".", total_size: 0, object_cnt: 1 }], more: false }).rows[0])[0], "(no prefix)");
});

test("a bucket that is not live shows its state, why, and how grave that is", () => {
  const since = "2026-11-20T08:00:00.000000Z";
  const found = [
    entry("a"), entry("b", "deaf", since, "it does not send its events"), entry("c", "gone", since, "r"),
    entry("d", "recovering", since, "r"), entry("e", "adopting", since, "r"),
  ];
  const { rows, note } = bucketRows({ found, more: false }, SHOWN);
  const tags = rows.map((row) => row.withClass("kind")[0]);

  assert.deepEqual(tags.map((tag) => tag?.textContent), [undefined, "Deaf", "Gone", "Recovering", "Adopting"]);
  assert.deepEqual(tags.slice(1).map((tag) => tag.getAttribute("class")), ["kind bad", "kind bad", "kind warn", "kind warn"]);
  assert.match(tags[1].getAttribute("title"), /not been heard since 20 Nov 2026[^]*it does not send its events/);
  assert.match(note, /^4 buckets are not live/);
});

test("the shown bucket is marked, and each links to itself through the same window", () => {
  const { rows, note } = bucketRows({ found: [entry("photos"), entry("My_Bucket")], more: true }, SHOWN);
  const links = rows.map((row) => row.children[0].children[0]);

  assert.deepEqual(links.map((link) => link.getAttribute("href")), ["#bucket=photos&window=60", "#bucket=My_Bucket&window=60"]);
  assert.deepEqual(links.map((link) => link.getAttribute("aria-current")), ["true", null]);
  assert.match(note, /^The first 2 by name/);
});
