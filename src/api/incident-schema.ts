import { z } from "zod";
import type { Incident } from "../incident/incident.ts";
import { severityField, targetSchema } from "./detection-schema.ts";

export const incidentStateField = z.enum(["open", "acknowledged", "resolved"]);

const linksSchema = z
  .object({
    self: z.string(),
    evidence: z.string().meta({ description: "Its detections, with their sample events" }),
    runbook: z.string().meta({ description: "The runbook, with its steps" }),
    page: z.string().meta({ description: "The incident, for people" }),
  })
  .meta({ id: "IncidentLinks" });

/** An `Incident`, as the API shows it, with links. Times are epoch ms. */
export const incidentSchema = z
  .object({
    id: z.string(),
    version: z.number(),
    runbook: z.string(),
    title: z.string(),
    severity: severityField,
    state: incidentStateField,
    group: z.record(z.string(), z.string()),
    team: z.string().optional(),
    openedAt: z.number(),
    updatedAt: z.number(),
    acknowledgedAt: z.number().optional(),
    acknowledgedBy: z.string().optional(),
    resolvedAt: z.number().optional(),
    resolvedBy: z.string().optional(),
    firstSeen: z.number(),
    lastSeen: z.number(),
    detections: z.array(z.string()).readonly(),
    detectionCount: z.number(),
    openDetections: z.array(z.string()).readonly(),
    summary: z.string(),
    keys: z.array(z.string()).readonly(),
    targets: z.array(targetSchema).readonly(),
    quiet: z.string().optional().meta({ description: "Why nobody is paged; absent when somebody is" }),
    reopened: z.number(),
    links: linksSchema,
  })
  .meta({ id: "Incident", description: "What a runbook opened" });

export type IncidentWithLinks = z.output<typeof incidentSchema>;

/** A line of an incident's timeline. */
export const timelineSchema = z
  .object({
    id: z.string(),
    incident: z.string(),
    time: z.number(),
    kind: z.enum([
      "opened", "detection", "updated", "acknowledged", "resolved", "reopened", "paged", "page_failed",
      "page_suppressed", "decision", "decision_refused", "decision_lifted", "note",
    ]), // prettier-ignore
    by: z.string(),
    text: z.string(),
  })
  .meta({ id: "IncidentEvent" });

/** Adds where to read on. */
export function withLinks(incident: Incident): IncidentWithLinks {
  const self = `/v1/incidents/${encodeURIComponent(incident.id)}`;
  return {
    ...incident,
    links: {
      self,
      evidence: `${self}/evidence`,
      runbook: `/v1/runbooks/${encodeURIComponent(incident.runbook)}`,
      page: `/incidents/${encodeURIComponent(incident.id)}`,
    },
  };
}
