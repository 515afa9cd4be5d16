import { z } from "zod";
import { severityField } from "./detection-schema.ts";

const pageSchema = z
  .object({
    deliveryId: z.string(),
    kind: z.enum(["trigger", "acknowledge", "resolve", "summary"]),
    incidentId: z.string(),
    title: z.string(),
    severity: severityField,
    summary: z.string(),
    state: z.string(),
    openedAt: z.number(),
    team: z.string(),
    service: z.string(),
    facts: z.array(z.tuple([z.string(), z.string()]).readonly()).readonly(),
    evidence: z.array(z.string()).readonly(),
    steps: z.array(z.string()).readonly(),
    incidentUrl: z.string(),
    runbookUrl: z.string(),
  })
  .meta({ id: "Page", description: "What people are told, before a channel has dressed it" });

/** A `Delivery`, as the API shows it. Times are epoch ms. */
export const deliverySchema = z
  .object({
    id: z.string(),
    version: z.number(),
    incident: z.string(),
    team: z.string(),
    channel: z.string(),
    page: pageSchema,
    state: z.enum(["pending", "sending", "sent", "failed", "handed_over", "unknown", "cancelled"]),
    attempts: z.number(),
    createdAt: z.number(),
    updatedAt: z.number(),
    nextAttemptAt: z.number(),
    reference: z.string().optional(),
    lastError: z.string().optional(),
    repeated: z.boolean(),
    round: z.string().optional(),
    doubtful: z.boolean().optional(),
  })
  .meta({ id: "Delivery", description: "A page on its way through one channel" });
