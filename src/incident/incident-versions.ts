import { severities, type Detection, type Severity, type Target } from "../detect/detection.ts";
import type { Incident } from "./incident.ts";
import type { Runbook } from "./runbook.ts";
import { incidentId } from "./incident-row.ts";
import { groupKey } from "./grouping.ts";
import { plainText } from "./plain-text.ts";

/** Bounds of what an incident carries along; counts go on beyond them. */
export const incidentLimits = { detections: 200, keys: 100, targets: 200, summary: 500, title: 200 } as const;

/** A new incident, of the detection that opens it. */
export function beginIncident(options: {
  readonly runbook: Runbook;
  readonly group: Readonly<Record<string, string>>;
  readonly detection: Detection;
  readonly team: string | undefined;
  readonly now: number;
}): Incident {
  const { runbook, group, detection, team, now } = options;
  const bare: Incident = {
    id: incidentId(runbook.id, groupKey(group), detection.id),
    version: 0,
    runbook: runbook.id,
    title: plainText([runbook.title, ...Object.values(group)].join(" · "), incidentLimits.title),
    severity: runbook.severity,
    state: "open",
    group,
    team,
    openedAt: now,
    updatedAt: now,
    acknowledgedAt: undefined,
    acknowledgedBy: undefined,
    resolvedAt: undefined,
    resolvedBy: undefined,
    firstSeen: detection.firstSeen,
    lastSeen: detection.lastSeen,
    detections: [],
    detectionCount: 0,
    openDetections: [],
    summary: "",
    keys: [],
    targets: [],
    quiet: undefined,
    reopened: 0,
  };
  return withDetection(bare, detection, now);
}

/** The incident with a detection it didn't have before. */
export function withDetection(incident: Incident, detection: Detection, now: number): Incident {
  return {
    ...withFigures(incident, detection, now),
    detections: bounded([...incident.detections, detection.id], incidentLimits.detections),
    detectionCount: incident.detectionCount + 1,
    keys: bounded(unique([...incident.keys, keyText(detection)]), incidentLimits.keys),
  };
}

/** The incident after news of a detection it has. `replaces` is the id the detection had before it was sealed. */
export function withNews(incident: Incident, detection: Detection, now: number, replaces?: string): Incident {
  return {
    ...withFigures(incident, detection, now),
    detections: incident.detections.map((id) => (id === replaces ? detection.id : id)),
  };
}

export function acknowledged(incident: Incident, by: string, now: number): Incident {
  return next(incident, now, { state: "acknowledged", acknowledgedAt: now, acknowledgedBy: plainText(by, 100) });
}

export function resolved(incident: Incident, by: string, now: number): Incident {
  return next(incident, now, { state: "resolved", resolvedAt: now, resolvedBy: plainText(by, 100) });
}

/** Open again: whoever acknowledged it before knows nothing of what goes on now. */
export function reopened(incident: Incident, team: string | undefined, now: number): Incident {
  return next(incident, now, {
    state: "open",
    team,
    acknowledgedAt: undefined,
    acknowledgedBy: undefined,
    resolvedAt: undefined,
    resolvedBy: undefined,
    reopened: incident.reopened + 1,
  });
}

/** The incident with other values in some fields, as its next version. */
export function next(incident: Incident, now: number, changes: Partial<Incident>): Incident {
  return { ...incident, ...changes, version: incident.version + 1, updatedAt: now };
}

/** The more severe of two. */
export function moreSevere(a: Severity, b: Severity): Severity {
  return severities.indexOf(a) >= severities.indexOf(b) ? a : b;
}

// helpers

/** A detection can raise the runbook's severity, and never lowers it. */
function withFigures(incident: Incident, detection: Detection, now: number): Incident {
  return next(incident, now, {
    severity: moreSevere(incident.severity, detection.severity),
    firstSeen: Math.min(incident.firstSeen, detection.firstSeen),
    lastSeen: Math.max(incident.lastSeen, detection.lastSeen),
    summary: plainText(detection.summary, incidentLimits.summary),
    targets: bounded(uniqueTargets([...incident.targets, ...detection.targets]), incidentLimits.targets),
  });
}

function keyText(detection: Detection): string {
  const values = Object.entries(detection.key).map(([name, value]) => `${name} ${value}`);
  return plainText(values.join(", "), 200);
}

function bounded<T>(items: readonly T[], limit: number): readonly T[] {
  return items.length > limit ? items.slice(0, limit) : items;
}

function unique(items: readonly string[]): string[] {
  return [...new Set(items)];
}

function uniqueTargets(targets: readonly Target[]): Target[] {
  return [...new Map(targets.map((target) => [`${target.scope} ${target.value}`, target])).values()];
}
