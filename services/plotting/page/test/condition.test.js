import assert from "node:assert/strict";
import { test } from "node:test";

import { conditionOf, undone, waitingWords } from "../src/condition.js";
import { seconds } from "../src/format.js";

const SINCE = "2026-11-20T08:00:00.000000Z";
const condition = (state, reason = "a reason: the fix") => conditionOf({ state, since: SINCE, reason }, "photos");
const text = ({ headline, lines }) => [headline, ...lines].join(" ");

test("a live bucket needs no words", () => {
  assert.deepEqual(conditionOf({ state: "live", since: null, reason: null }, "photos"), {
    label: "Live", kind: "good", headline: null, lines: [], doubtful: null,
  });
});

test("a deaf bucket is bad, since when, why, and from when on to be doubted", () => {
  const deaf = condition("deaf");

  assert.deepEqual([deaf.label, deaf.kind, deaf.doubtful], ["Deaf", "bad", seconds(SINCE)]);
  assert.match(text(deaf), /not been heard since 20 Nov 2026, 08:00:00 UTC.*may be missing.*Why: a reason: the fix\./);
});

test("a bucket that is gone is bad, and can be untracked", () => {
  const gone = condition("gone");

  assert.deepEqual([gone.label, gone.kind], ["Gone", "bad"]);
  assert.match(text(gone), /is gone\. A check found it missing on 20 Nov 2026.*make untrack BUCKET=photos/);
});

test("recovering and adopting are said with what they mean", () => {
  assert.match(text(condition("recovering")), /heard again since 20 Nov 2026.*may be old.*Why: a reason/);
  assert.match(text(condition("adopting")), /being adopted.*not complete/);
  assert.deepEqual([condition("recovering").kind, condition("adopting").kind], ["warn", "warn"]);
});

test("a state without since and reason is said without them", () => {
  const deaf = conditionOf({ state: "deaf", since: null, reason: null }, "photos");

  assert.equal(deaf.headline, "The bucket has not been heard.");
  assert.equal(deaf.lines.length, 1);
});

test("a state that the page does not know does not look fine", () => {
  for (const state of ["frozen", null]) assert.equal(conditionOf({ state, since: null, reason: null }, "b").kind, "warn");
});

test("what lies in the dead-letter queues is said with the way out", () => {
  assert.equal(undone({ deadLetters: 0, undelivered: 0 }), null);
  assert.equal(undone({ deadLetters: null, undelivered: null }), null);
  assert.match(undone({ deadLetters: 1, undelivered: 0 }), /^1 message could not be processed, so .*make redrive/);
  assert.match(undone({ deadLetters: 2, undelivered: 3 }), /^2 messages could not be processed, and 3 events could not be delivered/);
});

for (const [waiting, age, words] of [
  [null, null, "queue unknown"],
  [0, 0, "queue empty"],
  [1, null, "1 message waiting"],
  [3, 4, "3 messages waiting, up to 4 s old"],
  [1200, 600, "1,200 messages waiting, up to 10 min old"],
]) {
  test(`${waiting} waiting for ${age} s is ${words}`, () => assert.equal(waitingWords({ waiting, age }), words));
}
