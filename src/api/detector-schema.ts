import { z } from "zod";
import { actionField } from "./decision-schema.ts";
import { severityField, targetSchema } from "./detection-schema.ts";
import { detectorStatus } from "./service-status.ts";

const listOf = <T extends z.ZodType>(item: T) => z.array(item).readonly();
const described = <T extends z.ZodType>(field: T, description: string) => field.meta({ description });

/** A detector in the list. Times are epoch ms. */
export const detectorItemSchema = detectorStatus
  .extend({
    severity: severityField,
    owasp: listOf(z.string()),
    found: z
      .object({
        since: described(z.number().optional(), "Event time since when it runs as it does"),
        detections: z.number(),
        open: z.number(),
        alerts: z.number(),
        blocked: z.number(),
        customers: described(z.number(), "Of those blocked: had bought or signed in before"),
      })
      .optional()
      .meta({ description: "The figures of its report; absent while it is off" }),
  })
  .meta({ id: "DetectorItem", description: "How a detector runs, what it can see, and what it found" });

/** One detector, with what it looks for. */
export const detectorSchema = detectorItemSchema
  .extend({
    description: z.string(),
    key: described(listOf(z.string()), "What it counts by"),
    window: z.string(),
    quiet: described(z.string(), "An episode ends after so long without firing"),
    triage: listOf(z.string()),
    suppressedBy: described(listOf(z.string()), "Detectors while whose episodes it holds still"),
    runbooks: listOf(z.string()),
    blocks: described(z.boolean(), "Whether one of its runbooks blocks"),
    params: listOf(z.object({ name: z.string(), value: z.unknown(), default: z.unknown(), description: z.string() })),
  })
  .meta({ id: "Detector", description: "A detector: what it looks for, and how it runs" });

const customerCounts = z
  .object({
    all: z.number(),
    bought: described(z.number(), "Had bought before"),
    signedIn: described(z.number(), "Had signed in before, and not bought"),
  })
  .meta({ id: "CustomerCounts", description: "Different clients, users or keys, and how many were customers before" });

const hitFields = {
  requests: z.number(),
  succeeded: z.number(),
  signedIn: described(z.number(), "Sign-ins among those that succeeded"),
  bought: described(z.number(), "Steps of a purchase among those that succeeded"),
};

const listedBlock = targetSchema.extend({
  decision: z.number(),
  uuid: z.string(),
  action: actionField,
  result: described(
    z.enum(["blocked", "asked", "refused", "withdrawn"]),
    "It stood, or would have; a person was asked; the guard refused it; gatewatch took it back by itself",
  ),
  dryRun: z.boolean(),
  createdAt: z.number(),
  until: z.number(),
  incident: z.string().optional(),
  standing: described(z.enum(["bought", "signedIn", "neither"]).optional(), "What it had done before"),
  refusedBy: described(listOf(z.string()), "Rules of the guard that refused it, or asked a person"),
  wouldHaveHit: z
    .object({ ...hitFields, users: listOf(z.string()), userCount: z.number() })
    .optional()
    .meta({ description: "Of a dry run" }),
});

const thresholdReport = z.object({
  parameter: described(z.string(), "Its name; several with commas between where they are multiplied together"),
  multiplesOf: z
    .record(z.string(), z.number())
    .optional()
    .meta({ description: "Of several parameters what they are: all values are multiples of that" }),
  value: z.number(),
  near: z
    .object({ times: z.number(), p50: z.number(), p90: z.number(), p99: z.number(), p999: z.number(), max: z.number() })
    .meta({ description: "Keys that came to half of it or more, and how far they came" }),
  highest: z
    .object({ bought: z.number().optional(), signedIn: z.number().optional(), neither: z.number().optional() })
    .meta({ description: "How far those came at most who had bought, had signed in, or neither" }),
  at: described(
    listOf(z.object({ value: z.number(), detections: z.number(), bought: z.number(), signedIn: z.number() })),
    "What it would have found at other values",
  ),
  always: described(z.number(), "Detections that another condition makes, however high this one is"),
});

/** A `LiveReport`, as the API shows it. */
export const reportSchema = z
  .object({
    detector: z.string(),
    title: z.string(),
    mode: z.enum(["active", "dry-run"]),
    since: described(z.number().optional(), "Event time since when it has its mode, parameters and rule"),
    until: z.number().optional(),
    detections: z.number(),
    states: z.object({ open: z.number(), closed: z.number(), unconfirmed: z.number() }),
    alerts: described(z.number(), "Incidents it opened, or would have, for which somebody is paged"),
    aDay: z
      .object({ detections: z.number(), alerts: z.number(), blocked: z.number() })
      .optional()
      .meta({ description: "Absent during the first hour" }),
    keys: described(listOf(z.object({ key: z.string(), times: z.number() })), "Those found most often"),
    people: described(customerCounts, "Whom detections were about, where the key names one client, user or key"),
    blocks: z.object({
      blocked: customerCounts,
      asked: customerCounts,
      refused: customerCounts,
      withdrawn: customerCounts,
      onTrial: described(z.number(), "Of those blocked, whom no gateway was told of"),
      refusedBy: described(
        z.record(z.string(), z.number()),
        "By rule of the guard, how many it refused or asked about",
      ),
      hit: z
        .object({ ...hitFields, users: z.number() })
        .meta({ description: "What dry runs would have refused while they held" }),
    }),
    latest: described(listOf(listedBlock), "The latest twenty decisions"),
    thresholds: listOf(thresholdReport),
    leftOut: described(z.number(), "Keys near a threshold that were not followed for want of room"),
    suggestions: listOf(
      z.object({
        parameter: z.string(),
        value: z.number(),
        kind: z.enum(["raise", "keep", "could-lower"]),
        to: z.number(),
        params: described(z.record(z.string(), z.number()), "The same as the detector's parameters are set"),
        text: z.string(),
      }),
    ),
    promote: described(z.string().optional(), "Of a dry run: the configuration with which it acts"),
    adjust: described(z.string().optional(), "The configuration with the suggested values"),
  })
  .meta({ id: "DetectorReport", description: "What a detector found, and whom it blocked or would have" });
