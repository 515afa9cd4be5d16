import type { Detection, EvidenceEvent } from "../detect/detection.ts";
import type { Incident, IncidentChange } from "../incident/incident.ts";
import type { Runbook } from "../incident/runbook.ts";
import { plainText } from "../incident/plain-text.ts";
import { runbookSteps } from "../incident/runbook-steps.ts";
import type { Page } from "./notifier.ts";
import type { OpenIncident } from "./open-incidents.ts";

/** A page before it is dressed for a delivery. */
export type PageText = Omit<Page, "deliveryId">;

interface PageContext {
  readonly service: string;
  /** Without a slash at its end. */
  readonly publicUrl: string;
  readonly now: number;
}

/** Says an incident's change in plain, bounded text: no control or direction-changing characters. */
export function pageText(
  change: IncidentChange,
  kind: Exclude<Page["kind"], "summary">,
  context: PageContext,
): PageText {
  const { incident, runbook, detection } = change;
  return {
    kind,
    incidentId: incident.id,
    title: plainText(incident.title, 150),
    severity: incident.severity,
    summary: plainText(`${progress(incident, kind)}${incident.summary}`, 1000),
    state: incident.state,
    openedAt: incident.openedAt,
    at: context.now,
    team: incident.team ?? "",
    service: plainText(context.service, 100),
    facts: facts(incident, detection),
    evidence: (detection?.evidence ?? []).slice(0, 5).map(evidenceLine),
    steps: stepsOf(runbook),
    incidentUrl: `${context.publicUrl}/incidents/${encodeURIComponent(incident.id)}`,
    runbookUrl: `${context.publicUrl}/runbooks/${encodeURIComponent(runbook.id)}`,
  };
}

/** The one page that a team gets when its pages for the hour are used up. */
export function summaryPage(
  options: PageContext & { team: string; open: readonly OpenIncident[]; until: number; perHour: number },
): PageText {
  const { team, open, until } = options;
  const untilText = new Date(until).toISOString().slice(11, 16);
  const shown = open.slice(0, 5).map((i) => plainText(`[${i.severity}] ${i.title} (${i.id})`, 300));
  return {
    kind: "summary",
    incidentId: `summary-${team}-${until}`,
    title: plainText(`${open.length === 1 ? "1 incident is" : `${open.length} incidents are`} open for ${team}`, 150),
    severity: "high",
    summary: `Your ${options.perHour} pages for the hour are used up. Until ${untilText} UTC further incidents are only shown, not paged.`,
    state: "open",
    openedAt: options.now,
    at: options.now,
    team,
    service: plainText(options.service, 100),
    facts: [
      ["open incidents", String(open.length)],
      ["quiet until", new Date(until).toISOString()],
    ],
    evidence: open.length > shown.length ? [...shown.slice(0, 4), `and ${open.length - 4} more`] : shown,
    steps: [],
    incidentUrl: `${options.publicUrl}/`,
    runbookUrl: `${options.publicUrl}/`,
  };
}

// helpers

/** The first six steps: what fits on a page. */
function stepsOf(runbook: Runbook): readonly string[] {
  return runbookSteps(runbook.steps)
    .slice(0, 6)
    .map((step) => plainText(step, 300));
}

function progress(incident: Incident, kind: PageText["kind"]): string {
  if (kind === "acknowledge") return `Acknowledged by ${incident.acknowledgedBy ?? "somebody"}. `;
  if (kind === "resolve") return `Resolved by ${incident.resolvedBy ?? "gatewatch"}. `;
  return "";
}

/** Whom and how much, the most telling first; at most ten. */
function facts(incident: Incident, detection: Detection | undefined): Page["facts"] {
  const all: [string, string][] = [];
  if (detection) {
    all.push(...Object.entries(detection.key));
    for (const [name, value] of Object.entries(detection.counters)) all.push([name, figure(value)]);
    if (detection.route !== undefined) all.push(["route", detection.route]);
    if (detection.coverage === "reduced")
      all.push(["coverage", "reduced: the log lacks a field that would make it surer"]);
  } else {
    incident.keys.slice(0, 3).forEach((key, i) => all.push([i === 0 ? "keys" : `keys ${i + 1}`, key]));
  }
  if (incident.detectionCount > 1) all.push(["detections", String(incident.detectionCount)]);
  return all.slice(0, 10).map(([name, value]) => [plainText(name, 60), plainText(value, 200)] as const);
}

/** A whole number as it is, others with three digits; what the log doesn't tell is said so. */
function figure(value: number | null): string {
  if (value === null) return "unknown";
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(3)));
}

function evidenceLine(event: EvidenceEvent): string {
  const parts = [
    new Date(event.time).toISOString().slice(11),
    event.method,
    event.path,
    event.status === 0 ? "no answer" : String(event.status),
    event.clientIp === undefined ? "" : `from ${event.clientIp}`,
    event.country === undefined ? "" : `(${event.country})`,
    event.userId === undefined ? "" : `user ${plainText(event.userId, 60)}`,
    event.userAgent === undefined ? "" : `"${plainText(event.userAgent, 100)}"`,
  ];
  return plainText(parts.filter((part) => part !== "").join(" "), 400);
}
