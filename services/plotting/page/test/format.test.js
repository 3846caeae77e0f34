import assert from "node:assert/strict";
import { test } from "node:test";

import { ago, change, clock, instant, seconds, size } from "../src/format.js";

for (const [bytes, written] of [
  [0, "0 B"], [1, "1 B"], [27, "27 B"], [1023, "1,023 B"], [1024, "1 KiB"], [1536, "1.5 KiB"], [10240, "10 KiB"],
  [1047552, "1,023 KiB"], [1048575, "1 MiB"], [1269760, "1.21 MiB"], [2 ** 50, "1 PiB"], [2 ** 50 * 5.5, "5.5 PiB"],
]) {
  test(`${bytes} bytes are ${written}`, () => assert.equal(size(bytes), written));
}

test("a change has its sign", () => {
  assert.deepEqual([change(18), change(-2048), change(0)], ["+18 B", "\u22122 KiB", "\u00b10 B"]);
});

test("an instant keeps its microseconds and is written in UTC", () => {
  const at = seconds("2026-11-20T08:15:30.250001Z");

  assert.ok(Math.abs(at - (Date.UTC(2026, 10, 20, 8, 15, 30) / 1000 + 0.250001)) < 1e-6);
  assert.equal(clock(at), "08:15:30");
  assert.equal(clock(at, 3), "08:15:30.250");
  assert.equal(instant(at), "20 Nov 2026, 08:15:30 UTC");
});

test("a fraction that rounds up does not become the next second", () => {
  assert.equal(clock(seconds("2026-11-20T08:15:59.999999Z"), 1), "08:15:59.9");
});

test("the past is written in the unit that fits", () => {
  assert.deepEqual([0, 12, 120, 7200, 200000].map(ago), ["now", "12 s ago", "2 min ago", "2 h ago", "2 days ago"]);
});
