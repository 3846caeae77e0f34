/** Ranges of the chart as [from, to] in seconds since 1970, pure: how a gesture changes them. */

/** The shortest range: the service's instants have microseconds, but the URL's milliseconds. */
export const MIN_SPAN = 0.02;

/** Zoom in (a factor below 1) or out around an instant, which stays where it is. */
export function zoomed([from, to], factor, around) {
  const at = Math.min(Math.max(around, from), to);
  return fitted([at - (at - from) * factor, at + (to - at) * factor]);
}

/** Move by a part of the range's length: to earlier times if it is negative. */
export function panned([from, to], part) {
  const by = (to - from) * part;
  return [from + by, to + by];
}

/** What is left of a range between 1970 and the present; its length stays if it can. */
export function within([from, to], now) {
  const length = Math.min(to - from, now);
  const end = Math.min(Math.max(to, length), now);
  return [end - length, end];
}

function fitted([from, to]) {
  const lack = Math.max(MIN_SPAN - (to - from), 0) / 2;
  return [from - lack, to + lack];
}
