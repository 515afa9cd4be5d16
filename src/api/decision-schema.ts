import { z } from "zod";
import { targetSchema } from "./detection-schema.ts";

export const actionField = z.enum(["ban", "throttle", "captcha"]);

export const decisionStateField = z.enum(["active", "asked", "refused", "lifted", "expired"]);

const verdictSchema = z
  .object({ rule: z.string(), says: z.enum(["yes", "no", "ask", "softer"]), reason: z.string() })
  .meta({ id: "Verdict", description: "What one rule of the guard said" });

/** A `Decision`, as the API shows it. Times are epoch ms. */
export const decisionSchema = targetSchema
  .extend({
    id: z.number(),
    uuid: z.string().meta({ description: "Also the reference a refused customer is shown" }),
    version: z.number(),
    action: actionField,
    createdAt: z.number(),
    until: z.number(),
    origin: z.enum(["runbook", "manual"]),
    incident: z.string().optional(),
    detection: z.string().optional(),
    detector: z.string().optional(),
    firstSeen: z.number().optional(),
    runbook: z.string().optional(),
    reason: z.string(),
    dryRun: z.boolean(),
    repeat: z.number(),
    state: decisionStateField,
    verdicts: z.array(verdictSchema).readonly(),
    liftedBy: z.string().optional(),
    liftedAt: z.number().optional(),
    servedAt: z.number().optional(),
    liftReason: z.string().optional(),
    wouldHaveHit: z
      .object({
        requests: z.number(),
        succeeded: z.number(),
        signedIn: z.number(),
        bought: z.number(),
        users: z.array(z.string()).readonly(),
        userCount: z.number(),
      })
      .optional()
      .meta({ description: "Of a dry run: the requests it would have refused so far" }),
  })
  .meta({ id: "Decision", description: "What should happen to a target until a time" });
