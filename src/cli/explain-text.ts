import type { RejectedRecord } from "../normalize/access-event.ts";
import { formatScores, type FormatScore } from "../normalize/format-scores.ts";
import type { LogFormat } from "../normalize/log-format.ts";
import { clientReasons, placeNames } from "./explain-client.ts";
import type { ExplainedDetector } from "./explain-detectors.ts";
import type { ExplainedEvent } from "./explain-event.ts";
import type { ExplainedSource } from "./explain-source.ts";
import type { ExplainedField } from "./explain-fields.ts";
import type { ExplainedEntry } from "./explained-entries.ts";
import { rejectionHelp } from "./rejection-help.ts";
import { terminalText } from "./terminal-text.ts";
import { instant, table, type Section } from "./text-layout.ts";

/** What is told of one log entry. */
export interface EntryText {
  /** Which of the records it is of, from 1. */
  readonly record: number;
  readonly entry: ExplainedEntry;
  readonly explained: ExplainedEvent | undefined;
  /** The formats that were looked for; one: it was named. */
  readonly candidates: readonly LogFormat[];
  readonly source: ExplainedSource;
}

/** One entry, for people, as text for a terminal. */
export function explainText(told: EntryText): string {
  const { entry, explained } = told;
  const sections: Section[] = [
    { title: titleOf(told), lines: table(howRead(told)) },
    ...(entry.rejected === undefined ? [] : [rejectedSection(entry.rejected)]),
    ...(explained === undefined ? [] : eventSections(explained)),
  ];
  return sections
    .map(({ title, lines }) => [title, ...lines.map((line) => `  ${line}`)].map(terminalText).join("\n"))
    .join("\n\n")
    .concat("\n");
}

// helpers

const longestValue = 64;
/** Another format that is so near could be meant as well. */
const nearBy = 0.2;

function titleOf({ record, entry }: EntryText): string {
  const among = entry.index === 0 ? "" : `, entry ${entry.index + 1}`;
  return `Record ${record}${among}: ${entry.event === undefined ? "REJECTED" : "an event"}`;
}

function howRead(told: EntryText): string[][] {
  const { entry, source } = told;
  return [
    ["Format", formatText(told)],
    ["Envelopes", entry.envelopes.length === 0 ? "none" : entry.envelopes.join(" > ")],
    ["Source", source.isConfigured ? source.name : "none of a configuration"],
  ];
}

function formatText({ entry, candidates, source }: EntryText): string {
  const { format, sample } = entry;
  const scores = sample === undefined ? [] : formatScores(candidates, sample);
  const near = (first: FormatScore) =>
    scores.filter(({ id, score }) => id !== first.id && score > 0 && first.score - score <= nearBy);
  if (format === undefined) {
    const [best] = scores;
    return best === undefined || best.score === 0 ? "none fits" : `none fits; the nearest is ${best.id}, ${best.score}`;
  }
  const name = `${format.id} (${format.title})`;
  if (source.formatNamedBy !== undefined && format.id === source.format) {
    return `${name}, named by ${source.formatNamedBy}`;
  }
  const own = scores.find(({ id }) => id === format.id);
  if (own === undefined) return name;
  const others = near(own).map(({ id, score }) => `${id} ${score}`);
  const next = others.length === 0 ? "no other is near" : `near: ${others.join(", ")}`;
  return `${name}, found by what it looks like: ${own.score} of 1; ${next}`;
}

function rejectedSection({ reason, detail, head }: Pick<RejectedRecord, "reason" | "detail" | "head">): Section {
  const { means, remedy } = rejectionHelp[reason];
  return {
    title: `Why: ${reason}`,
    lines: table([
      ["Detail", detail],
      ["Meaning", means],
      ["What to do", remedy],
      ...(head === "" ? [] : [["It begins", head]]),
    ]),
  };
}

function eventSections(explained: ExplainedEvent): Section[] {
  return [
    { title: "Event", lines: fieldLines(explained.fields) },
    ...lackingSections(explained),
    { title: clientTitle(explained), lines: clientLines(explained) },
    { title: "Endpoint", lines: endpointLines(explained) },
    { title: "Cut, and never stored", lines: explained.redacted.length === 0 ? ["nothing"] : explained.redacted },
    ...(explained.unread.length === 0 ? [] : [{ title: "Not read", lines: [explained.unread.join(", ")] }]),
    { title: "Detectors", lines: detectorLines(explained.detectors) },
  ];
}

function fieldLines(fields: readonly ExplainedField[]): string[] {
  return table(fields.map((one) => [one.field, shown(one), one.from]));
}

function shown({ field, value }: ExplainedField): string {
  if (field === "time" || field === "startedAt") return moment(value as number);
  const text =
    typeof value === "object"
      ? Object.entries(value)
          .map(([name, one]) => `${name}=${one}`)
          .join(", ")
      : String(value);
  return text.length > longestValue ? `${text.slice(0, longestValue)}…` : text;
}

/** With milliseconds, in UTC. */
function moment(time: number): string {
  return `${instant(time)}.${String(((time % 1000) + 1000) % 1000).padStart(3, "0")} UTC`;
}

function lackingSections({ lacking }: ExplainedEvent): Section[] {
  const { logged, never } = lacking;
  if (logged.length + never.length === 0) return [];
  return [
    {
      title: "Unknown, and which parts of a record would tell",
      lines: [
        ...table(logged.map(({ field, parts }) => [field, parts.join(", ")])),
        ...(never.length === 0 ? [] : [`the format never has ${never.join(", ")}`]),
      ],
    },
  ];
}

function clientTitle({ event }: ExplainedEvent): string {
  if (event.clientIp === undefined) return "Client: unknown";
  return `Client: ${event.clientIp}, ${event.clientIpTrust}`;
}

function clientLines({ event, client: { hops, unread, reason } }: ExplainedEvent): string[] {
  if (event.origin === "shop") return ["the application's word; certain only where the source has trustClientIp: true"];
  const rows = hops.map(({ place, text, verdict }) => [placeNames[place], text === "" ? "(nothing)" : text, verdict]);
  const left = unread.map((text) => ["X-Forwarded-For", text === "" ? "(nothing)" : text, "not looked at"]);
  return [...table([...rows, ...left]), clientReasons[reason]];
}

function endpointLines({ event, endpoint }: ExplainedEvent): string[] {
  const guessed = endpoint.entry === undefined && event.origin === "gateway";
  return [
    `${event.method} ${event.route}, ${event.endpointClass}: ${endpoint.because}`,
    ...(guessed ? ["not in the inventory; name it under endpoints: to be sure"] : []),
    ...(event.methodOverride === undefined ? [] : [`the application may take it for a ${event.methodOverride}`]),
    event.attempt ? "counts as one attempt" : "counts as no attempt",
  ];
}

function detectorLines(detectors: readonly ExplainedDetector[]): string[] {
  if (detectors.length === 0) return ["none is active"];
  const looking = detectors.flatMap(({ sees, ...one }) => (sees === undefined ? [] : [[one.id, ...seenBy(sees, one)]]));
  const others = Map.groupBy(
    detectors.filter(({ sees }) => sees === undefined),
    ({ because }) => because,
  );
  const reasons = [...others].map(([because, those]) => `  ${because}: ${those.map(({ id }) => id).join(", ")}`);
  return [...table(looking), ...(reasons.length > 0 ? ["of no interest to those that", ...reasons] : [])];
}

function seenBy(
  sees: NonNullable<ExplainedDetector["sees"]>,
  { missing, key, mode }: Pick<ExplainedDetector, "missing" | "key" | "mode">,
): string[] {
  const lacks = missing.length === 0 ? "" : `; lacks ${missing.join(", ")}`;
  const dry = mode === "dry-run" ? "; dry run" : "";
  return [sees === "blind" ? "BLIND" : sees, `${keyText(key)}${lacks}${dry}`];
}

function keyText(key: ExplainedDetector["key"]): string {
  const unknown = key.filter(([, value]) => value === undefined).map(([dimension]) => dimension);
  if (unknown.length > 0) return `counts nothing without ${unknown.join(", ")}`;
  return `counts under ${key.map(([dimension, value]) => `${dimension} ${value}`).join(", ")}`;
}
