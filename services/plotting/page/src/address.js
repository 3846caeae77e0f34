/**
 * What the page shows, as the fragment of its URL: `#bucket=photos&window=3600`, or a range that does not move,
 * `#bucket=photos&from=2026-11-20T08:00:00Z&to=2026-11-20T09:00:00Z`. The browser does not send a fragment.
 */

import { day, clock, seconds } from "./format.js";

/** A window that covers all of a bucket's history: the service's longest. */
export const ALL = 3162240000;
export const WINDOWS = [
  [10, "10 s", "10 seconds"],
  [60, "1 min", "1 minute"],
  [600, "10 min", "10 minutes"],
  [3600, "1 h", "1 hour"],
  [21600, "6 h", "6 hours"],
  [86400, "1 d", "1 day"],
  [604800, "7 d", "7 days"],
  [2678400, "31 d", "31 days"],
  [31536000, "1 y", "1 year"],
  [ALL, "all", "all of its history"],
];
export const DEFAULT_WINDOW = 600;

/**
 * Read a fragment: `bucket` is null if it names none, and an impossible window becomes the default. `from` and `to` are
 * seconds since 1970, or null if the window ends at the present.
 */
export function read(fragment) {
  const members = new URLSearchParams(fragment.replace(/^#/, ""));
  const window = Number(members.get("window"));
  const fits = Number.isFinite(window) && window >= 1 && window <= ALL;
  const [from, to] = ["from", "to"].map((name) => seconds(members.get(name) ?? ""));
  const fixed = to > from && from >= 0;
  return {
    bucket: members.get("bucket") || null,
    window: fits ? window : DEFAULT_WINDOW,
    from: fixed ? from : null,
    to: fixed ? to : null,
  };
}

export function write({ bucket, window, from = null, to = null }) {
  const named = bucket ? `bucket=${encodeURIComponent(bucket)}&` : "";
  // The window is what a reset returns to.
  return `#${named}window=${window}${from === null ? "" : `&from=${instantOf(from)}&to=${instantOf(to)}`}`;
}

/** Whether the range ends at the present. */
export const isLive = ({ from = null }) => from === null;

/** The parameters by which the service is asked for what is shown. */
export function asked({ window, from = null, to }) {
  return from === null ? { window } : { from: instantOf(from), to: instantOf(to) };
}

/** `in the last 10 minutes`, or a fixed range with its ends. */
export function nameOf({ window, from, to }) {
  if (from !== null) {
    const decimals = to - from < 10 ? 3 : 0;
    const end = `${day(from) === day(to) ? "" : `${day(to)}, `}${clock(to, decimals)}`;
    return `from ${day(from)}, ${clock(from, decimals)} to ${end} UTC`;
  }
  if (window === ALL) return "in all of its history";
  return `in the last ${WINDOWS.find(([length]) => length === window)?.[2] ?? `${window} seconds`}`;
}

/** An instant as the service reads it, to the millisecond. */
function instantOf(time) {
  return new Date(Math.round(time * 1000)).toISOString();
}
