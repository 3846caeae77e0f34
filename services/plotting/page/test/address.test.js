import assert from "node:assert/strict";
import { test } from "node:test";

import { ALL, asked, DEFAULT_WINDOW, nameOf, read, write } from "../src/address.js";

const SHOWN = { bucket: "my.bucket-1", window: 3600, from: null, to: null };
const FROM = Date.UTC(2026, 10, 20, 8) / 1000;

test("a written fragment is read again", () => {
  const fixed = { ...SHOWN, from: FROM + 0.25, to: FROM + 3600 };

  for (const shown of [SHOWN, fixed]) assert.deepEqual(read(write(shown)), shown);
  assert.equal(write(fixed), "#bucket=my.bucket-1&window=3600&from=2026-11-20T08:00:00.250Z&to=2026-11-20T09:00:00.000Z");
});

test("an empty fragment is the data bucket through the default window", () => {
  assert.deepEqual(read(""), { bucket: null, window: DEFAULT_WINDOW, from: null, to: null });
});

test("a range that is none is the window", () => {
  for (const range of ["from=2026-11-20T08:00:00Z", "from=2026-11-20T08:00:00Z&to=2026-11-20T08:00:00Z", "from=now&to=never"]) {
    assert.equal(read(`#window=60&${range}`).from, null);
  }
});

test("the service is asked for the window, or for the range instead", () => {
  assert.deepEqual(asked(SHOWN), { window: 3600 });
  assert.deepEqual(asked({ ...SHOWN, from: FROM, to: FROM + 1 }), { from: "2026-11-20T08:00:00.000Z", to: "2026-11-20T08:00:01.000Z" });
});

for (const window of ["0", "-5", "3162240001", "NaN", "Infinity", "ten", ""]) {
  test(`a window of '${window}' is the default`, () => {
    assert.equal(read(`#bucket=b&window=${window}`).window, DEFAULT_WINDOW);
  });
}

test("what is shown has a name", () => {
  const named = (shown) => nameOf({ ...SHOWN, ...shown });

  assert.deepEqual([600, 90, ALL].map((window) => named({ window })), ["in the last 10 minutes", "in the last 90 seconds", "in all of its history"]);
  assert.equal(named({ from: FROM, to: FROM + 60 }), "from 20 Nov 2026, 08:00:00 to 08:01:00 UTC");
  assert.equal(named({ from: FROM, to: FROM + 86400 }), "from 20 Nov 2026, 08:00:00 to 21 Nov 2026, 08:00:00 UTC");
});
