import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createContext, runInContext } from "node:vm";

const SCRIPT = readFileSync(new URL("../src/old.js", import.meta.url), "utf8");

/** Run old.js in a browser of which `spoil` may take features away; returns what a reader then sees, and the browser. */
function opened(spoil = () => {}) {
  const attributes = new Map();
  const make = () => ({ textContent: "", hidden: true, noModule: false, removeAttribute() { this.hidden = false; } });
  const elements = { old: make(), state: make() };
  const listeners = [];
  const root = {
    replaceChildren() {},
    setAttribute: (name, value) => attributes.set(name, value),
    hasAttribute: (name) => attributes.has(name),
  };
  const window = { ResizeObserver: class {}, AbortController, addEventListener: (_name, listener) => listeners.push(listener) };
  const document = { documentElement: root, getElementById: (id) => elements[id], createElement: make };
  const context = createContext({ window, document });
  spoil({ window, document, root, run: (code) => runInContext(code, context) });
  runInContext(SCRIPT, context);
  return { shown: elements.old.hidden ? null : elements.old.textContent, elements, attributes, fail: (event) => listeners.forEach((act) => act(event)) };
}

test("a browser with every feature is told nothing", () => {
  assert.equal(opened().shown, null);
});

for (const [feature, spoil] of [
  ["modules", ({ document }) => (document.createElement = () => ({}))],
  ["Array.prototype.at", ({ run }) => run("delete Array.prototype.at")],
  ["Object.hasOwn", ({ run }) => run("delete Object.hasOwn")],
  ["replaceChildren", ({ root }) => delete root.replaceChildren],
  ["ResizeObserver", ({ window }) => delete window.ResizeObserver],
  ["AbortController", ({ window }) => delete window.AbortController],
]) {
  test(`a browser without ${feature} is told that it is too old, and the page does not start`, () => {
    const { shown, attributes, elements } = opened(spoil);

    assert.ok(shown.startsWith("This browser is too old for this page") && shown.includes(feature), shown);
    assert.ok(attributes.has("data-old"));
    assert.equal(elements.state.textContent, "Not started");
  });
}

test("a script that the browser does not understand is said to be so", () => {
  const { elements, fail } = opened();
  fail({ message: "SyntaxError: Unexpected token" });

  assert.equal(elements.old.hidden, false);
  assert.match(elements.old.textContent, /could not start \(SyntaxError: Unexpected token\)/);
});

test("a fault after the start is not taken for one of the browser", () => {
  const { elements, fail, attributes } = opened();
  attributes.set("data-started", "");
  fail({ message: "RangeError" });

  assert.equal(elements.old.hidden, true);
});
