import { z } from "zod";
import { confidences, severities } from "../detect/detection.ts";
import { endpointClasses, outcomes } from "../normalize/access-event.ts";

export const severityField = z.enum(severities);
export const confidenceField = z.enum(confidences);

/** The scopes a decision or a detection's target may have. */
export const scopeField = z.enum(["ip", "range", "user", "apiKey", "session", "country", "as"]);

export const targetSchema = z.object({ scope: scopeField, value: z.string() }).meta({ id: "Target" });

const evidenceSchema = z
  .object({
    time: z.number(),
    gateway: z.string(),
    clientIp: z.string().optional(),
    clientKey: z.string().optional(),
    clientIpTrust: z.enum(["certain", "guessed"]),
    method: z.string(),
    path: z.string(),
    route: z.string(),
    endpointClass: z.enum(endpointClasses),
    status: z.number(),
    outcome: z.enum(outcomes),
    userId: z.string().optional(),
    country: z.string().optional(),
    userAgent: z.string().optional(),
    requestId: z.string().optional(),
  })
  .meta({ id: "EvidenceEvent", description: "One sample event behind a detection; nothing secret" });

/** A `Detection`, as the API shows it. Times are epoch ms. */
export const detectionSchema = z
  .object({
    id: z.string(),
    version: z.number(),
    detector: z.string(),
    title: z.string(),
    severity: severityField,
    owasp: z.array(z.string()).readonly(),
    state: z.enum(["open", "closed", "unconfirmed"]),
    sealed: z.boolean(),
    key: z.record(z.string(), z.string()),
    firstSeen: z.number(),
    firedAt: z.number(),
    lastSeen: z.number(),
    counters: z.record(z.string(), z.number().nullable()),
    summary: z.string(),
    targets: z.array(targetSchema).readonly(),
    clientIpCertain: z.boolean(),
    evidence: z.array(evidenceSchema).readonly(),
    endpointClass: z.enum(endpointClasses).optional(),
    route: z.string().optional(),
    owner: z.string().optional(),
    // What an earlier version saved has neither of these.
    confidence: confidenceField.optional(),
    strength: z.number().optional(),
    signal: z.string().optional(),
    mode: z.enum(["active", "dry-run"]),
    coverage: z.enum(["full", "reduced"]),
    stale: z.boolean(),
    supersedes: z.string().optional(),
    origin: z.enum(["traffic", "service", "query"]),
  })
  .meta({ id: "Detection", description: "One detector, one key, one episode" });
