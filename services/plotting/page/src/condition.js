/** What the state of a bucket means, in words for a person. Pure. */

import { instant, seconds, things } from "./format.js";

/**
 * A state as its `label`, how grave it is (`kind`: good, warn or bad), and unless it is live a `headline` and `lines`
 * that say what it means, why it is so, and what to do. `doubtful` is the time from which on the numbers may be wrong.
 */
export function conditionOf({ state, since, reason }, bucket) {
  const from = since === null ? null : seconds(since);
  const when = from === null ? "" : ` since ${instant(from)}`;
  const why = reason === null ? [] : [`Why: ${reason}.`];
  switch (state) {
    case "live":
      return { label: "Live", kind: "good", headline: null, lines: [], doubtful: null };
    case "adopting":
      return {
        label: "Adopting",
        kind: "warn",
        headline: "The bucket is being adopted.",
        lines: ["Its totals are not complete yet. Its history begins when they are."],
        doubtful: null,
      };
    case "deaf":
      return {
        label: "Deaf",
        kind: "bad",
        headline: `The bucket has not been heard${when}.`,
        lines: ["Its events do not arrive: changes since then, and of some minutes before, may be missing. When they arrive again, it heals by itself.", ...why],
        doubtful: from,
      };
    case "recovering":
      return {
        label: "Recovering",
        kind: "warn",
        headline: `The bucket has been heard again${when}.`,
        lines: ["A reconcile looks for the changes that were missed. Until it has ended, the numbers below may be old.", ...why],
        doubtful: null,
      };
    case "gone":
      return {
        label: "Gone",
        kind: "bad",
        headline: `The bucket is gone.${from === null ? "" : ` A check found it missing on ${instant(from)}.`}`,
        lines: [
          "The numbers below are the last that were recorded.",
          `If it was deleted on purpose: make untrack BUCKET=${bucket} takes it off this page and keeps its history.`,
        ],
        doubtful: from,
      };
    default:
      return { label: state ?? "Unknown", kind: "warn", headline: `The page does not know the state ${state}. Load it again.`, lines: [], doubtful: from };
  }
}

/** What lies in the dead-letter queues, as a sentence, or null if there is nothing. */
export function undone({ deadLetters, undelivered }) {
  const parts = [
    deadLetters > 0 ? `${things(deadLetters, "message")} could not be processed` : null,
    undelivered > 0 ? `${things(undelivered, "event")} could not be delivered to the tracker` : null,
  ].filter((part) => part !== null);
  if (parts.length === 0) return null;
  return `${parts.join(", and ")}, so changes of this or another bucket may be missing. When the cause is mended: make redrive processes them again.`;
}

/** What waits in the queue, as a few words. */
export function waitingWords({ waiting, age }) {
  if (waiting === null) return "queue unknown";
  if (waiting === 0) return "queue empty";
  const late = age ? `, up to ${age < 90 ? `${age} s` : `${Math.round(age / 60)} min`} old` : "";
  return `${things(waiting, "message")} waiting${late}`;
}
