/** Starts the page, unless old.js has found the browser too old for it. */

import uPlot from "uplot";

import { start } from "./main.js";

const root = document.documentElement;
if (!root.hasAttribute("data-old")) {
  start({ Plot: uPlot });
  root.setAttribute("data-started", "");
}
