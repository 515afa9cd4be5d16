import { z } from "zod";
import { confidences, severities } from "../detect/detection.ts";
import { dimensions } from "../detect/define-detector.ts";
import { durationMs } from "../units.ts";
import { groupFields } from "./grouping.ts";

const fileId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,79}$/, { error: "expected a name of lower-case letters, digits and hyphens" });

/** What gatewatch's reports on itself are keyed by, beside the dimensions of traffic. */
export const serviceDimensions = ["source", "detector", "channel", "part", "address"] as const;

const matchRule = z
  .strictObject({
    detector: z
      .array(fileId)
      .min(1)
      .meta({ description: "Detections of these detectors.", examples: [["credential-stuffing"]] }),
    severity: z
      .array(z.enum(severities))
      .min(1)
      .optional()
      .meta({ description: "Only of these severities; all, unless given.", examples: [["high", "critical"]] }),
  })
  .meta({ description: "Chooses detections.", examples: [{ detector: ["credential-stuffing"] }] });

const queryRule = z
  .strictObject({
    sql: z
      .string()
      .regex(/^\s*(select|with)\b/i, { error: "expected a SELECT" })
      .max(10_000)
      .meta({
        description: "A question to the store. Each row of the answer is a match.",
        examples: ["SELECT route, sum(requests) AS requests FROM endpoint_minutes GROUP BY route"],
      }),
    every: durationMs("30s")
      .refine((ms) => ms >= 5000, { error: "expected at least 5s" })
      .meta({
        description: "How often it is asked.",
        examples: ["30s"],
      }),
    key: z
      .array(z.string().regex(/^\w{1,64}$/, { error: "expected the name of a column" }))
      .min(1)
      .max(8)
      .meta({ description: "Columns that tell one match from another.", examples: [["route"]] }),
  })
  .meta({
    description: "Watches the store itself, in place of `match`.",
    examples: [{ sql: "SELECT route FROM …", every: "30s", key: ["route"] }],
  });

const blockRule = z
  .strictObject({
    action: z
      .enum(["ban", "throttle", "captcha"])
      .meta({ description: "What the gateway does to the detection's targets.", examples: ["ban"] }),
    for: durationMs("15m").meta({ description: "For how long.", examples: ["15m"] }),
    repeat: z
      .strictObject({
        factor: z
          .number()
          .min(1)
          .max(100)
          .meta({ description: "How many times longer each repeat within a day lasts.", examples: [4] }),
        max: durationMs("24h").meta({ description: "The longest.", examples: ["24h"] }),
      })
      .optional()
      .meta({ description: "Lengthens repeats.", examples: [{ factor: 4, max: "24h" }] }),
    softer: z
      .enum(["throttle", "captcha"])
      .optional()
      .meta({
        description: "What to do where a ban would be wrong; absent: a person is asked.",
        examples: ["captcha"],
      }),
    dryRun: z
      .boolean()
      .default(false)
      .meta({ description: "Lists whom it would hit, and does nothing.", examples: [true] }),
    confidence: z
      .enum(confidences)
      .default("high")
      .meta({
        description:
          "How sure one detector must be: `high` is three times its floor, `medium` half of that, `low` just at it. Another detector of the same target makes up for it; else a person is asked.",
        examples: ["high"],
      }),
  })
  .meta({ description: "What is done to the targets. Absent: nothing.", examples: [{ action: "ban", for: "15m" }] });

/** The rule at the head of a runbook: what stands between its two lines of `---`. */
export const runbookFrontMatter = z
  .strictObject({
    title: z
      .string()
      .trim()
      .min(3)
      .max(120)
      .meta({ description: "What happens, in a few words.", examples: ["Credential stuffing on login"] }),
    match: matchRule.optional(),
    query: queryRule.optional(),
    when: z
      .string()
      .min(1)
      .max(1000)
      .optional()
      .meta({
        description: "A CEL condition over `detection` and `incident` that must hold, too.",
        examples: ["incident.detections >= 3"],
      }),
    group: z
      .array(z.string().min(1))
      .max(8)
      .default([])
      .meta({ description: "One open incident for each value of these.", examples: [["endpointClass"]] }),
    severity: z
      .enum(severities)
      .meta({ description: "The least severity of its incidents; a detection can raise it.", examples: ["high"] }),
    page: z
      .string()
      .min(1)
      .optional()
      .meta({ description: "The team that is told, or `owner` of the endpoint. Absent: shown only.", examples: ["owner"] }), // prettier-ignore
    block: blockRule.optional(),
    inhibits: z
      .array(fileId)
      .default([])
      .meta({ description: "Runbooks that page nobody while this one's incident is open.", examples: [["rate-limit-burst"]] }), // prettier-ignore
    resolve: z
      .strictObject({
        after: durationMs("15m")
          .prefault("15m")
          .meta({ description: "Resolved when nothing was seen for so long.", examples: ["15m"] }),
      })
      .prefault({})
      .meta({ description: "When its incidents resolve by themselves.", examples: [{ after: "15m" }] }),
  })
  .check((context) => {
    const { value, issues } = context;
    const problem = (path: string[], message: string) => issues.push({ code: "custom", path, message, input: value });
    if (value.match === undefined && value.query === undefined) problem(["match"], "is missing; expected `match` or `query`"); // prettier-ignore
    if (value.match !== undefined && value.query !== undefined) problem(["query"], "expected `match` or `query`, not both"); // prettier-ignore
    if (value.query !== undefined && value.block !== undefined) problem(["block"], "can't go with `query`: its matches have no certain targets"); // prettier-ignore
    const known: readonly string[] = [...groupFields, ...dimensions, ...serviceDimensions, ...(value.query?.key ?? [])];
    for (const name of value.group) {
      if (!known.includes(name)) problem(["group"], `can't group by \`${name}\`; expected some of ${known.join(", ")}`);
    }
  });

export type RunbookFrontMatter = z.output<typeof runbookFrontMatter>;
