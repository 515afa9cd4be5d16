import { createHash } from "node:crypto";
import type { SavedRow } from "../store/store.ts";
import type { Incident, IncidentEvent } from "./incident.ts";

/** A change that was decided and saved, and that later stages have not confirmed yet. */
export interface Handover {
  readonly kind: "opened" | "updated" | "acknowledged" | "resolved" | "reopened";
  readonly page: boolean;
  readonly detection: string | undefined;
}

/** An incident as the store keeps it. Times are epoch milliseconds. */
export function incidentRow(incident: Incident): SavedRow {
  return {
    table: "incidents",
    id: incident.id,
    version: incident.version,
    time: incident.openedAt,
    columns: {
      runbook: incident.runbook,
      title: incident.title,
      severity: incident.severity,
      state: incident.state,
      group: incident.group,
      team: incident.team ?? "",
      openedAt: incident.openedAt,
      updatedAt: incident.updatedAt,
      acknowledgedAt: incident.acknowledgedAt ?? null,
      acknowledgedBy: incident.acknowledgedBy ?? "",
      resolvedAt: incident.resolvedAt ?? null,
      resolvedBy: incident.resolvedBy ?? "",
      firstSeen: incident.firstSeen,
      lastSeen: incident.lastSeen,
      detectionCount: incident.detectionCount,
      summary: incident.summary,
      keys: incident.keys,
      targets: incident.targets.map((target) => `${target.scope} ${target.value}`),
      quiet: incident.quiet ?? "",
      reopened: incident.reopened,
    },
    body: incident,
  };
}

/**
 * One line of a timeline as the store keeps it. With a `handover` the row is a promise: until the
 * same row is saved again without it, a restart hands the change on once more.
 */
export function incidentEventRow(event: IncidentEvent, handover?: Handover): SavedRow {
  return {
    table: "incident_events",
    id: event.id,
    version: handover ? 1 : 2,
    time: event.time,
    columns: { incident: event.incident, kind: event.kind, by: event.by, text: event.text },
    body: handover ? { ...event, handover } : event,
  };
}

/** `inc_` and 16 hex digits; the same for the same runbook, group and first detection, so that a replay repeats it. */
export function incidentId(runbook: string, group: string, openingDetection: string): string {
  return `inc_${digest(runbook, group, openingDetection)}`;
}

/** `evt_` and 16 hex digits; the same for the same incident, kind and cause. */
export function incidentEventId(incident: string, kind: IncidentEvent["kind"], cause: string): string {
  return `evt_${digest(incident, kind, cause)}`;
}

// helpers

function digest(...parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}
