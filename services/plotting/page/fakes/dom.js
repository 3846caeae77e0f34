/** As much of a document as the page uses, with every element that page.html gives an id; an unknown id is null there too. */
import { readFileSync } from "node:fs";

const MARKUP = readFileSync(new URL("../src/page.html", import.meta.url), "utf8");

export class FakeElement extends EventTarget {
  attributes = new Map();
  nodes = [];
  dataset = {};
  hidden = false;
  style = { setProperty: (name, value) => (this.style[name] = value) };
  clientWidth = 800;

  constructor(name) {
    super();
    this.name = name;
    const classes = new Set();
    this.classList = { add: (one) => classes.add(one), remove: (one) => classes.delete(one), contains: (one) => classes.has(one) };
  }

  get textContent() {
    return this.nodes.map((node) => (typeof node === "string" ? node : node.textContent)).join("");
  }

  set textContent(text) {
    this.nodes = text === "" ? [] : [text];
  }

  get children() {
    return this.nodes.filter((node) => typeof node !== "string");
  }

  get firstChild() {
    return this.nodes[0];
  }

  get options() {
    return this.children;
  }

  /** An option's value is its attribute; a select's and an input's is a property. */
  get value() {
    return this.own ?? this.getAttribute("value") ?? "";
  }

  set value(value) {
    this.own = value;
  }

  append(...nodes) {
    this.nodes.push(...nodes);
  }

  replaceChildren(...nodes) {
    this.nodes = nodes;
  }

  setAttribute(name, value) {
    this.attributes.set(name, String(value));
  }

  removeAttribute(name) {
    this.attributes.delete(name);
    if (name === "hidden") this.hidden = false;
  }

  hasAttribute(name) {
    return this.attributes.has(name);
  }

  getAttribute(name) {
    return this.attributes.get(name) ?? null;
  }

  /** Whether another element is drawn the same. */
  isEqualNode(other) {
    return this.drawn === other.drawn;
  }

  get drawn() {
    const inside = this.nodes.map((node) => (typeof node === "string" ? node : node.drawn));
    return JSON.stringify([this.name, [...this.attributes].sort(), this.style.width, inside]);
  }

  /** All elements inside that have a class, at any depth. */
  withClass(name) {
    const own = (this.getAttribute("class") ?? "").split(" ").includes(name) ? [this] : [];
    return [...own, ...this.children.flatMap((child) => child.withClass(name))];
  }
}

/** Put a document, a location and the rest of a browser into the global scope; returns what a test looks at. */
export function openPage(hash = "") {
  const elements = new Map();
  for (const [, name, rest] of MARKUP.matchAll(/<(\w+)([^>]*\sid="[^>]*)>/g)) {
    const made = new FakeElement(name);
    made.hidden = /\shidden\b/.test(rest);
    elements.set(/\sid="([^"]+)"/.exec(rest)[1], made);
  }
  const document = Object.assign(new FakeElement("document"), {
    hidden: false,
    title: "Tidemark",
    activeElement: null,
    documentElement: new FakeElement("html"),
    createElement: (name) => new FakeElement(name),
    getElementById: (id) => elements.get(id) ?? null,
    querySelectorAll: () => [],
  });
  const window = new EventTarget();
  const location = { pathname: "/stage/v1", origin: "http://127.0.0.1:1", hash };
  Object.assign(globalThis, {
    document,
    location,
    history: { replaceState: (_state, _title, fragment) => (location.hash = fragment) },
    devicePixelRatio: 1,
    addEventListener: window.addEventListener.bind(window),
    matchMedia: () => Object.assign(new EventTarget(), { matches: false }),
    getComputedStyle: () => ({ getPropertyValue: (name) => ` ${name}` }),
    ResizeObserver: class {
      observe() {}
    },
  });
  return {
    document,
    location,
    element: (id) => elements.get(id),
    text: (id) => elements.get(id).textContent,
    /** Choose what the URL's fragment selects. */
    go(fragment) {
      location.hash = fragment;
      window.dispatchEvent(new Event("hashchange"));
    },
  };
}

/** Stands in for uPlot: keeps its options and data, and maps values to pixels of an area of 700 by 300. */
export class FakePlot {
  static paths = { stepped: () => null };
  static tzDate = (date) => date;
  static last = null;
  bbox = { left: 50, top: 10, width: 700, height: 300 };
  width = 800;
  height = 320;
  cursor = { left: -10, idxs: null };
  series = [{}, { points: {} }];
  draws = 0;
  sets = 0;

  constructor(options, data) {
    Object.assign(this, { options, data });
    FakePlot.last = this;
  }

  setData(data) {
    this.sets += 1;
    this.data = data;
  }

  setCursor({ left }) {
    this.cursor = { left, idxs: [null, left < 0 ? null : this.options.cursor.dataIdx(this, 1, null, this.posToVal(left))] };
    this.options.hooks.setCursor.forEach((told) => told(this));
  }

  setSize() {}

  setSelect(select) {
    this.select = select;
  }

  redraw() {
    this.draws += 1;
  }

  posToVal(left) {
    const [first, last] = this.options.scales.x.range();
    return first + (left / this.bbox.width) * (last - first);
  }

  valToPos(value, scale, onCanvas = false) {
    const [first, last] = this.options.scales[scale].range();
    const share = (value - first) / (last - first);
    if (scale === "x") return share * this.bbox.width + (onCanvas ? this.bbox.left : 0);
    return (1 - share) * this.bbox.height + (onCanvas ? this.bbox.top : 0);
  }

  /** The filter's dots: the indices that get one. */
  get dots() {
    return this.options.series[1].points.filter(this);
  }

  /** Run the drawing hooks on a canvas that keeps what is drawn: [operation, ...arguments]. */
  drawn() {
    const operations = [];
    const keep = (name) => (...details) => {
      operations.push([name, ...details]);
      return { width: 0 };
    };
    const ctx = new Proxy({}, { get: (target, name) => target[name] ?? keep(name), set: (target, name, value) => Boolean(operations.push([name, value])) || true });
    this.ctx = ctx;
    for (const hook of [...this.options.hooks.drawAxes, ...this.options.hooks.draw]) hook(this);
    return operations;
  }
}
