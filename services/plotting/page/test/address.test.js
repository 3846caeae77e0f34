import assert from "node:assert/strict";
import { test } from "node:test";

import { DEFAULT_WINDOW, nameOf, read, write } from "../src/address.js";

test("a written fragment is read again", () => {
  const shown = { bucket: "my.bucket-1", window: 3600 };

  assert.deepEqual(read(write(shown)), shown);
});

test("an empty fragment is the data bucket through the default window", () => {
  assert.deepEqual(read(""), { bucket: null, window: DEFAULT_WINDOW });
});

for (const window of ["0", "-5", "2678401", "NaN", "Infinity", "ten", ""]) {
  test(`a window of '${window}' is the default`, () => {
    assert.equal(read(`#bucket=b&window=${window}`).window, DEFAULT_WINDOW);
  });
}

test("a window that no button offers has a name too", () => {
  assert.deepEqual([nameOf(600), nameOf(90)], ["10 minutes", "90 seconds"]);
});
