/**
 * How the chart's range is changed beside selecting a part of it by dragging: dragging with shift or turning the wheel
 * sideways moves it, the wheel with ctrl and the keys + and - zoom, shift with an arrow moves, a double click resets.
 */

import { panned, within, zoomed } from "./range.js";

const STEP = 0.25;
const FACTOR = 1 / 2;
const LINE_PIXELS = 16;
/** The URL and the data follow a movement when it has rested for so long. */
const REST_MS = 200;

export function followGestures(element, chart, { see, reset, present, clock }) {
  let timer = 0;
  let drag = null; // [the place of the last movement]

  /** Move at once, and ask for the data a little later. */
  function move(range) {
    const [from, to] = within(range, present());
    chart.look({ window: to - from, from, to });
    chart.draw(present());
    clock.cancel(timer);
    timer = clock.after(REST_MS, () => see([from, to], { replace: true }));
  }

  const width = () => Math.max(element.clientWidth, 1);

  element.addEventListener("wheel", (event) => {
    const sideways = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX;
    const unit = event.deltaMode === 1 ? LINE_PIXELS : 1;
    if (event.ctrlKey || event.metaKey) move(zoomed(chart.range, Math.exp((event.deltaY * unit) / 300), chart.timeAt(event.clientX)));
    else if (Math.abs(sideways) > (event.shiftKey ? 0 : Math.abs(event.deltaY))) move(panned(chart.range, (sideways * unit) / width()));
    else return; // the page scrolls
    event.preventDefault();
  }, { passive: false });

  element.addEventListener("pointerdown", (event) => {
    if (!event.shiftKey || event.button !== 0) return;
    drag = event.clientX;
    element.setPointerCapture?.(event.pointerId);
  });
  element.addEventListener("pointermove", (event) => {
    if (drag === null) return;
    move(panned(chart.range, (drag - event.clientX) / width()));
    drag = event.clientX;
  });
  for (const end of ["pointerup", "pointercancel"]) element.addEventListener(end, () => (drag = null));

  element.addEventListener("dblclick", reset);
  element.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const [from, to] = chart.range;
    const around = chart.pickedTime ?? (from + to) / 2;
    const range = {
      "+": () => zoomed(chart.range, FACTOR, around),
      "=": () => zoomed(chart.range, FACTOR, around),
      "-": () => zoomed(chart.range, 1 / FACTOR, around),
      ArrowLeft: () => event.shiftKey && panned(chart.range, -STEP),
      ArrowRight: () => event.shiftKey && panned(chart.range, STEP),
    }[event.key]?.();
    if (!range) return;
    event.preventDefault();
    move(range);
  });
}
