/** Finds and makes the page's elements. Nothing that came from a bucket is ever parsed as HTML. */

export const element = (id) => document.getElementById(id);

/** Make an element; children that are strings become text. */
export function make(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) made.setAttribute(attribute, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** Set an element's text if it differs: assistive technology reads out every text that is set. */
export function say(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** Make a bar as long as a share (0 to 1). It sets the style by script, because the page's policy forbids the attribute. */
export function bar(share) {
  const made = make("span", { class: "bar-track", "aria-hidden": "true" }, make("span", { class: "bar-fill" }));
  made.firstChild.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
  return made;
}

/** Show rows in a table, or a note instead of it. Rows that stay the same are left, so that focus and selection stay. */
export function fill(table, rows, otherwise, note = "") {
  const body = element(`${table}-rows`);
  const shown = [...body.children];
  const same = shown.length === rows.length && rows.every((row, index) => row.isEqualNode(shown[index]));
  if (!same) body.replaceChildren(...rows);
  element(`${table}-table`).hidden = rows.length === 0;
  say(element(`${table}-note`), rows.length === 0 ? otherwise : note);
}
