import { z } from "zod";
import { actionField } from "./decision-schema.ts";
import { confidenceField, severityField } from "./detection-schema.ts";

/** A `Runbook` without its steps and without where its file lies. */
export const runbookSchema = z
  .object({
    id: z.string(),
    title: z.string(),
    severity: severityField,
    match: z
      .object({ detector: z.array(z.string()).readonly(), severity: z.array(severityField).readonly().optional() })
      .optional(),
    query: z.object({ sql: z.string(), everyMs: z.number(), key: z.array(z.string()).readonly() }).optional(),
    when: z.string().optional(),
    group: z.array(z.string()).readonly(),
    page: z.string().optional(),
    block: z
      .object({
        action: actionField,
        forMs: z.number(),
        repeat: z.object({ factor: z.number(), maxMs: z.number() }).optional(),
        softer: z.enum(["throttle", "captcha"]).optional(),
        dryRun: z.boolean(),
        confidence: confidenceField.optional(),
      })
      .optional(),
    inhibits: z.array(z.string()).readonly(),
    resolveAfterMs: z.number(),
  })
  .meta({ id: "Runbook" });

/** A runbook with the steps for people: as written, and rendered. */
export const runbookWithStepsSchema = runbookSchema
  .extend({
    steps: z.string().meta({ description: "Markdown" }),
    html: z.string().meta({ description: "The steps as HTML, without any markup of the author's own" }),
  })
  .meta({ id: "RunbookWithSteps" });
