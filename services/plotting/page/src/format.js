/** Writes numbers, sizes and instants for people. Sizes are in binary units: 1 KiB is 1,024 B. */

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB"];
const MINUS = "\u2212";
const GROUPED = new Intl.NumberFormat("en-GB");

export const count = (number) => GROUPED.format(number);

export const things = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

/** A size with at most four digits: `27 B`, `1.21 MiB`, `1,023 KiB`; below 1,024 bytes it is exact. */
export function size(bytes) {
  let power = unitOf(bytes);
  // A size that rounds to 1,024 of a unit is written as 1 of the next: 1,048,575 bytes are 1 MiB, not 1,024 KiB.
  if (power > 0 && power < UNITS.length - 1 && Math.round(bytes / 1024 ** power) >= 1024) power += 1;
  if (power === 0) return `${count(bytes)} B`;
  const value = bytes / 1024 ** power;
  const decimals = value < 10 ? 2 : value < 100 ? 1 : 0;
  return `${new Intl.NumberFormat("en-GB", { maximumFractionDigits: decimals }).format(value)} ${UNITS[power]}`;
}

/** A difference of sizes with its sign. */
export function change(bytes) {
  return (bytes > 0 ? "+" : bytes < 0 ? MINUS : "\u00b1") + size(Math.abs(bytes));
}

/** The index of the largest unit that a size fills at least once. */
export function unitOf(bytes) {
  let power = 0;
  for (let rest = bytes; rest >= 1024 && power < UNITS.length - 1; rest /= 1024) power += 1;
  return power;
}

/** A multiple of a quarter of a unit, written in that unit. */
export function inUnit(bytes, power) {
  return bytes === 0 ? "0 B" : `${GROUPED.format(bytes / 1024 ** power)} ${UNITS[power]}`;
}

/** Seconds since 1970 as `21:37:10.42`, in UTC. */
export function clock(seconds, decimals = 0) {
  const scale = 10 ** decimals;
  const date = new Date((Math.floor(seconds * scale) / scale) * 1000);
  return date.toISOString().slice(11, decimals > 0 ? 20 + decimals : 19);
}

/** Seconds since 1970 as `20 Nov 2026`, in UTC. */
export function day(seconds) {
  return new Date(seconds * 1000).toLocaleDateString("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    timeZone: "UTC",
  });
}

export const instant = (seconds) => `${day(seconds)}, ${clock(seconds)} UTC`;

/** An instant of the API as seconds since 1970; a double holds the microseconds of this century. */
export const seconds = (text) => Date.parse(`${text.slice(0, 19)}Z`) / 1000 + Number(`0${text.slice(19, -1)}`);

/** The time since an instant: `now`, `12 s ago`, `3 min ago`, `5 h ago`, `2 days ago`. */
export function ago(past) {
  if (past < 1.5) return "now";
  if (past < 90) return `${Math.round(past)} s ago`;
  if (past < 5400) return `${Math.round(past / 60)} min ago`;
  if (past < 129600) return `${Math.round(past / 3600)} h ago`;
  return `${Math.round(past / 86400)} days ago`;
}
