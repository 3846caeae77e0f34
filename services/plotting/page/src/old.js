/* Says that the browser is too old, or that the page could not start. It runs before the page and is written in ES5. */
(function () {
  var root = document.documentElement;

  function say(text) {
    var target = document.getElementById("old");
    root.setAttribute("data-old", "");
    target.textContent = text;
    target.removeAttribute("hidden");
    document.getElementById("state").textContent = "Not started";
  }

  /* The youngest features that the page uses: all browsers have had them since March 2022. */
  var lacking = [];
  if (!("noModule" in document.createElement("script"))) lacking.push("modules");
  if (!Array.prototype.at) lacking.push("Array.prototype.at");
  if (!Object.hasOwn) lacking.push("Object.hasOwn");
  if (!root.replaceChildren) lacking.push("replaceChildren");
  if (!window.ResizeObserver) lacking.push("ResizeObserver");
  if (!window.AbortController) lacking.push("AbortController");
  if (lacking.length > 0) {
    say("This browser is too old for this page: it lacks " + lacking.join(", ") + ". Use a browser from 2022 or later.");
  }

  function failed(event) {
    if (root.hasAttribute("data-started") || root.hasAttribute("data-old")) return;
    say("The page could not start (" + (event.message || "its script is not understood") + "). If this browser is older than 2022, use a newer one.");
  }
  window.addEventListener("error", failed);
})();
