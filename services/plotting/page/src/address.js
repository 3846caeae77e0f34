/** What the page shows, as the fragment of its URL: `#bucket=photos&window=3600`. The browser does not send a fragment. */

export const WINDOWS = [
  [10, "10 s", "10 seconds"],
  [60, "1 min", "1 minute"],
  [600, "10 min", "10 minutes"],
  [3600, "1 h", "1 hour"],
  [21600, "6 h", "6 hours"],
  [86400, "1 d", "1 day"],
  [604800, "7 d", "7 days"],
  [2678400, "31 d", "31 days"],
];
export const DEFAULT_WINDOW = 600;
const MAX_WINDOW = 2678400;

/** Read a fragment: `bucket` is null if it names none, and an impossible window becomes the default. */
export function read(fragment) {
  const members = new URLSearchParams(fragment.replace(/^#/, ""));
  const window = Number(members.get("window"));
  const fits = Number.isFinite(window) && window >= 1 && window <= MAX_WINDOW;
  return { bucket: members.get("bucket") || null, window: fits ? window : DEFAULT_WINDOW };
}

export function write({ bucket, window }) {
  return `#${new URLSearchParams({ ...(bucket ? { bucket } : {}), window: String(window) })}`;
}

/** `10 minutes`; a window without a button is written in seconds. */
export function nameOf(window) {
  return WINDOWS.find(([seconds]) => seconds === window)?.[2] ?? `${window} seconds`;
}
