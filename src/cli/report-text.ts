import type { z } from "zod";
import type { detectorItemSchema, reportSchema } from "../api/detector-schema.ts";
import { formatDuration } from "../units.ts";
import { thresholdLines } from "./backtest-threshold-text.ts";
import { amount, instant, table } from "./text-layout.ts";

type DetectorItem = z.output<typeof detectorItemSchema>;
type Report = z.output<typeof reportSchema>;
type Counts = Report["people"];

const latestShown = 10;
const minute = 60_000;
const order = { "dry-run": 0, active: 1, off: 2 } as const;
const modeText = { "dry-run": "dry run", active: "active", off: "off" } as const;

/** A line for each detector: those on trial first, then those that found most. */
export function detectorLines(detectors: readonly DetectorItem[]): string[] {
  const sorted = detectors.toSorted(
    (a, b) =>
      order[a.mode] - order[b.mode] ||
      (b.found?.detections ?? 0) - (a.found?.detections ?? 0) ||
      a.id.localeCompare(b.id),
  );
  return table(
    sorted.map(({ id, mode, state, found }) => [id, modeText[mode], mode === "off" ? "" : state, foundText(found)]),
  );
}

/** One detector's report. */
export function reportLines(report: Report): string[] {
  const { title, detector, mode, since, until, detections, states, alerts, aDay, keys, people, blocks, latest } =
    report;
  const would = mode === "dry-run" ? "would have " : "";
  const daily = (name: keyof NonNullable<typeof aDay>) => (aDay ? `, ${aDay[name]} a day` : "");
  const seen =
    since === undefined || until === undefined
      ? "no events yet"
      : `since ${instant(since)} (UTC), ${formatDuration(Math.floor((until - since) / minute) * minute)}`;
  const more = [
    states.open > 0 && `${states.open} going on`,
    states.unconfirmed > 0 && `${states.unconfirmed} more not confirmed`,
  ].filter(Boolean);
  return [
    `${title} (${detector}), ${modeText[mode]}: ${seen}`,
    `${amount(detections, "detection")}${daily("detections")}${more.length > 0 ? ` (${more.join(", ")})` : ""}`,
    ...keys.map(({ key, times }) => `  ${times} of ${key}`),
    ...(people.all > 0 ? [`about ${people.all} clients or users${customersText(people)}`] : []),
    `${would}told people ${amount(alerts, "time")}${daily("alerts")}`,
    ...blockLines(blocks, { would, daily: daily("blocked") }),
    ...latest.slice(0, latestShown).map(latestLine),
    ...(mode === "dry-run" ? thresholdLines(report, { isAlone: true }) : []),
    ...(report.adjust === undefined ? [] : [`with the values that are suggested: ${report.adjust}`]),
    ...(report.promote === undefined ? [] : [`to let it act: ${report.promote}`]),
  ];
}

// helpers

function foundText(found: DetectorItem["found"]): string {
  if (!found || found.detections === 0) return "";
  const { detections, open, blocked, customers } = found;
  const who = blocked === 0 ? "" : `, ${blocked} blocked${customers > 0 ? ` (${amount(customers, "customer")})` : ""}`;
  return `${amount(detections, "detection")}${open > 0 ? `, ${open} going on` : ""}${who}`;
}

function blockLines(
  { blocked, asked, refused, withdrawn, onTrial, refusedBy, hit }: Report["blocks"],
  { would, daily }: { readonly would: string; readonly daily: string },
): string[] {
  const told = (what: string, counts: Counts) =>
    counts.all === 0 ? [] : [`${what} ${counts.all}${customersText(counts)}`];
  const rules = Object.entries(refusedBy).map(([rule, times]) => `${rule} ${times}`);
  return [
    `${would}blocked ${blocked.all}${customersText(blocked)}${daily}${would === "" && onTrial > 0 ? `, ${onTrial} of them on trial alone` : ""}`,
    ...(onTrial > 0 ? [`  ${hitText(hit)}`] : []),
    ...told("taken back by itself:", withdrawn),
    ...told("a person asked about", asked),
    ...told("refused by the guard:", refused),
    ...(rules.length > 0 ? [`  by its rules: ${rules.join(", ")}`] : []),
  ];
}

function latestLine({
  createdAt,
  action,
  scope,
  value,
  result,
  standing,
  wouldHaveHit,
}: Report["latest"][number]): string {
  const had = standing === "bought" ? ", who had bought" : standing === "signedIn" ? ", who had signed in" : "";
  const hit = wouldHaveHit ? `: ${hitText({ ...wouldHaveHit, users: wouldHaveHit.userCount })}` : "";
  return `  ${instant(createdAt)}  ${result.padEnd(9)}  ${action} of ${scope} ${value}${had}${hit}`;
}

function hitText({ requests, succeeded, signedIn, bought, users }: Report["blocks"]["hit"]): string {
  if (requests === 0) return "no request came while it would have held";
  const kinds = [signedIn > 0 && amount(signedIn, "sign-in"), bought > 0 && `${bought} of a purchase`].filter(Boolean);
  const which = kinds.length === 0 ? "" : ` (${kinds.join(", ")})`;
  const named = users === 0 ? "" : `, which named ${amount(users, "user")}`;
  return `would have refused ${amount(requests, "request")}${named}; ${succeeded.toLocaleString("en")} succeeded${which}`;
}

function customersText({ bought, signedIn }: Counts): string {
  const parts = [bought > 0 && `${bought} had bought`, signedIn > 0 && `${signedIn} had signed in`].filter(Boolean);
  return parts.length === 0 ? "" : ` (${parts.join(", ")} before)`;
}
