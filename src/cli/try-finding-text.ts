import { severities, type Detection, type EvidenceEvent } from "../detect/detection.ts";
import { amount, clockTime, instant, type Section } from "./text-layout.ts";
import type { TryReport } from "./try-report.ts";

/** Of one detector; `--json` has all. */
const detectionsShown = 5;
const evidenceShown = 3;

/** What was found, by detector, the gravest first. */
export function findingLines({ detections, moreDetections }: TryReport): Section[] {
  if (detections.length === 0) return [{ title: "Found: nothing", lines: [] }];
  const groups = [...Map.groupBy(detections, ({ detector }) => detector).values()];
  const lines = groups
    .map((group) => group.sort((a, b) => weight(b) - weight(a) || a.firedAt - b.firedAt))
    .sort((a, b) => weight(b[0]!) - weight(a[0]!) || b.length - a.length)
    .flatMap(groupLines);
  const all = detections.length + moreDetections;
  return [{ title: `Found: ${amount(all, "detection")}`, lines }];
}

/** One request, as evidence. */
export function evidenceLine(event: EvidenceEvent): string {
  const { time, method, path, status, outcome, clientIp, userId, country, userAgent } = event;
  const agent = userAgent !== undefined && userAgent.length > 40 ? `${userAgent.slice(0, 40)}…` : userAgent;
  const who = [clientIp ?? "no address", userId && `user ${userId}`, country, agent];
  return `${clockTime(time)}  ${method} ${path} ${status} ${outcome}  ${who.filter(Boolean).join(", ")}`;
}

// helpers

function weight({ severity }: Detection): number {
  return severities.indexOf(severity);
}

function groupLines(group: readonly Detection[]): string[] {
  const [first] = group;
  if (!first) return [];
  const more = group.length - detectionsShown;
  return [
    `${first.title} (${first.detector}): ${group.length}`,
    ...group.slice(0, detectionsShown).flatMap(detectionLines),
    ...(more > 0 ? [`    and ${more} more; --json lists all`] : []),
  ];
}

function detectionLines(detection: Detection): string[] {
  const { severity, firstSeen, lastSeen, summary, evidence, key } = detection;
  const keys = Object.entries(key).map(([name, value]) => `${name} ${value}`);
  return [
    `  ${severity}  ${instant(firstSeen)} to ${clockTime(lastSeen)}  ${keys.join(", ")}`,
    `    ${summary}`,
    ...evidence.slice(0, evidenceShown).map((event) => `      ${evidenceLine(event)}`),
  ];
}
