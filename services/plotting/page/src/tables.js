/** The three tables: latest changes, prefixes, tracked buckets. */

import { write } from "./address.js";
import { conditionOf } from "./condition.js";
import { bar, make } from "./elements.js";
import { SHOWN_CHANGES } from "./feed.js";
import { change, clock, count, day, instant, seconds, size, things } from "./format.js";

const SHOWN_PREFIXES = 9;

/** Rows of the latest changes, newest first. Each is compared with the sample before it, if that is known. */
export function changeRows({ samples, next }) {
  return samples.slice(0, SHOWN_CHANGES).map((sample, index) => {
    const before = samples[index + 1] ?? null;
    const first = before === null && next === null;
    const grown = before === null ? null : sample.total_size - before.total_size;
    const sign = grown === null || grown === 0 ? "same" : grown > 0 ? "up" : "down";
    return make(
      "tr",
      {},
      make("td", {}, time(sample.time)),
      make("td", { class: `number ${sign}` }, grown === null ? (first ? "first" : "") : change(grown)),
      make("td", { class: "number" }, size(sample.total_size)),
      make("td", { class: "number optional" }, count(sample.object_cnt)),
      make("td", { class: "keys" }, ...whatChanged(sample, before)),
    );
  });
}

function time(text) {
  const at = seconds(text);
  const today = day(at) === day(Date.now() / 1000);
  const fraction = make("span", { class: "optional" }, clock(at, 3).slice(8));
  const parts = today ? [clock(at), fraction] : [`${day(at)}, ${clock(at)}`];
  return make("time", { datetime: text, title: `${text} (UTC)` }, ...parts);
}

function whatChanged(sample, before) {
  const kinds = before === null ? [] : [
    [sample.created_cnt - before.created_cnt, "created"],
    [sample.overwritten_cnt - before.overwritten_cnt, "overwritten"],
    [sample.removed_cnt - before.removed_cnt, "removed"],
  ].filter(([number]) => number > 0);
  const tags = kinds.map(([number, kind]) => make("span", { class: `kind ${kind}` }, number > 1 ? `${count(number)} ${kind}` : kind));
  const keys = sample.changed_keys.slice(0, 1).map((key) => make("code", {}, visibleKey(key)));
  const others = sample.changed_cnt - keys.length;
  if (others > 0) keys.push(make("span", { class: "muted" }, keys.length > 0 ? `and ${count(others)} more` : things(others, "key")));
  if (tags.length + keys.length === 0) keys.push(make("span", { class: "muted" }, "baseline"));
  const all = sample.changed_keys.map(visibleKey).join("\n");
  return [make("div", { class: "changed", title: all || null }, ...tags, ...keys)];
}

/** Write a key's control characters, and marks that reverse the direction of text, as their code points. */
function visibleKey(key) {
  return key.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0).toString(16)}}`);
}

/** Rows of the largest prefixes, and a note about the others. */
export function prefixRows({ found, more }) {
  const sorted = [...found].sort((one, other) => other.total_size - one.total_size || (one.prefix < other.prefix ? -1 : 1));
  const largest = Math.max(1, sorted[0]?.total_size ?? 0);
  const rows = sorted.slice(0, SHOWN_PREFIXES).map((one) =>
    make(
      "tr",
      {},
      make("td", { class: "name" }, make("code", {}, one.prefix === "." ? "(no prefix)" : visibleKey(one.prefix)), bar(one.total_size / largest)),
      make("td", { class: "number" }, size(one.total_size)),
      make("td", { class: "number" }, count(one.object_cnt)),
    ),
  );
  const hidden = sorted.length - rows.length;
  if (more) return { rows, note: `The largest of the first ${count(sorted.length)} by name. There are more.` };
  return { rows, note: hidden > 0 ? `The ${SHOWN_PREFIXES} largest of ${count(sorted.length)}.` : "" };
}

/** Rows of the tracked buckets, each with a link that shows it through the same window, and a note about them. */
export function bucketRows({ found, more }, shown) {
  const rows = found.map((one) => bucketRow(one, shown));
  const others = found.filter((one) => one.state !== "live").length;
  const notes = [
    others > 0 ? `${things(others, "bucket is", "buckets are")} not live: follow the name to see why.` : null,
    more ? `The first ${count(found.length)} by name. To open another one, put its name into the URL.` : null,
  ];
  return { rows, note: notes.filter((note) => note !== null).join(" ") };
}

function told(one) {
  return { state: one.state, since: one.state_since, reason: one.state_reason };
}

function stateTag(one) {
  const { label, kind, headline, lines } = conditionOf(told(one), one.bucket);
  if (kind === "good") return null;
  return make("span", { class: `kind ${kind}`, title: [headline, ...lines].join("\n") }, label);
}

function bucketRow(one, shown) {
  const here = one.bucket === shown.bucket;
  const link = make("a", { href: write({ ...shown, bucket: one.bucket }), "aria-current": here ? "true" : null }, one.bucket);
  const highest = one.bucket_maximum;
  return make(
    "tr",
    { class: here ? "here" : null },
    make("td", { class: "name" }, link, stateTag(one)),
    make("td", { class: "number" }, size(one.total_size)),
    make("td", { class: "number optional" }, count(one.object_cnt)),
    make("td", { class: "number" }, highest === null ? "\u2013" : size(highest)),
    make("td", { class: "number optional" }, one.last_change ? make("time", { datetime: one.last_change }, instant(seconds(one.last_change))) : "\u2013"),
  );
}
