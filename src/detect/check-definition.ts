import { basename } from "node:path";
import { z } from "zod";
import type { Problem } from "../errors.ts";
import { endpointClasses, outcomes } from "../normalize/access-event.ts";
import { parseDuration } from "../units.ts";
import { baselineMeasures } from "./baseline.ts";
import { type Counter, type DetectorDefinition, dimensions } from "./define-detector.ts";
import { severities } from "./detection.ts";
import { slotsPerLane } from "./lane.ts";
import { lastWidth } from "./slot.ts";
import { fewValues } from "./tables.ts";

const duration = z.string().refine((text) => parseDuration(text) !== undefined, {
  error: "expected a time span: a whole number and ms, s, m, h or d",
});
const fn = z.custom<(...args: never[]) => unknown>((value) => typeof value === "function", {
  error: "expected a function",
});
const scope = z.strictObject({ window: duration.optional(), key: z.array(z.enum(dimensions)).min(1).optional() });
const counter = z.looseObject({
  kind: z.enum(["count", "sum", "max", "distinct", "quantile", "firstSeen", "last"], {
    error: "expected count(), sum(), max(), distinct(), quantile(), firstSeen() or last()",
  }),
  if: fn.optional(),
  scope,
  q: z.number().gt(0).lt(1, { error: "expected a share between 0 and 1, such as 0.99" }).optional(),
  memory: duration.optional(),
  n: z.int().min(1).max(6, { error: "last() remembers at most 6 events" }).optional(),
});

/** The shape of a detector file's default export. Types hold it for TypeScript; this holds it at run time. */
const shape = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]{1,63}$/, { error: "expected lower-case words joined by hyphens" }),
  title: z.string().min(1).max(100),
  description: z.string().min(1).max(2000),
  owasp: z.array(z.string().regex(/^API\d{1,2}:\d{4}$/, { error: "expected an OWASP API risk such as API2:2023" })),
  severity: z.enum(severities),
  needs: z.strictObject({ required: z.array(z.string()), better: z.array(z.string()) }),
  where: z.strictObject({
    endpointClass: z.array(z.enum(endpointClasses)).min(1).optional(),
    outcome: z.array(z.enum(outcomes)).min(1).optional(),
    method: z.array(z.string()).min(1).optional(),
    attempt: z.boolean().optional(),
    origin: z
      .array(z.enum(["gateway", "shop"]))
      .min(1)
      .optional(),
  }),
  key: z.array(z.enum(dimensions)).min(1, { error: "expected at least one dimension" }),
  window: duration,
  bucket: duration.optional(),
  quiet: duration.optional(),
  onChange: z.literal(false, { error: "expected false, or nothing" }).optional(),
  params: z.custom<z.ZodObject>((value) => value instanceof z.ZodObject, {
    error: "expected a zod object with defaults",
  }),
  counters: z
    .record(z.string(), counter)
    .refine((all) => Object.keys(all).length > 0, { error: "expected at least one counter" }),
  evidence: fn.optional(),
  floor: fn.optional(),
  fires: fn,
  strength: fn.optional(),
  signal: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,39}$/, { error: "expected a lower-case word" })
    .optional(),
  population: z
    .strictObject({
      counter: z.string(),
      quantile: z.number().gt(0).lt(1, { error: "expected a share between 0 and 1, such as 0.99" }),
    })
    .optional(),
  baselines: z.array(z.enum(baselineMeasures)).min(1).optional(),
  suppressedBy: z
    .array(
      z.union([
        z.string(),
        z.strictObject({ detector: z.string(), same: z.enum(["route", "endpointClass"]).optional() }),
      ]),
    )
    .optional(),
  severityOf: fn.optional(),
  shows: fn.optional(),
  summary: fn,
  target: fn,
  examples: z
    .array(z.looseObject({ name: z.string(), fires: z.boolean(), events: z.array(z.unknown()).min(1) }))
    .refine((all) => all.some(({ fires }) => fires) && all.some(({ fires }) => !fires), {
      error: "expected examples: at least one that fires and one that stays silent",
    }),
  triage: z.array(z.string()).min(1, { error: "expected at least one question for people" }),
});

/** Checks what a detector file exports; all that is wrong is told at once. */
export function checkDefinition(
  file: string,
  exported: unknown,
): { definition: DetectorDefinition | undefined; problems: Problem[] } {
  if (exported === undefined) {
    const message = "the file has no default export; expected `export default defineDetector({ … })`";
    return { definition: undefined, problems: [{ file, path: "default", message }] };
  }
  const parsed = shape.safeParse(exported);
  const problems: Problem[] = parsed.success
    ? consistency(file, exported as DetectorDefinition)
    : parsed.error.issues.map((issue) => ({ file, path: issue.path.map(String).join("."), message: issue.message }));
  return { definition: problems.length === 0 ? (exported as DetectorDefinition) : undefined, problems };
}

function consistency(file: string, definition: DetectorDefinition): Problem[] {
  const problems: Problem[] = [];
  const name = basename(file).replace(/\.[a-z]+$/, "");
  if (definition.id !== name) {
    problems.push({ file, path: "id", message: `is "${definition.id}", expected the file's name, "${name}"` });
  }
  if (!definition.params.safeParse({}).success) {
    problems.push({ file, path: "params", message: "every parameter needs a default" });
  }
  const windowMs = parseDuration(definition.window)!;
  const bucketMs = definition.bucket === undefined ? 1000 : parseDuration(definition.bucket)!;
  if (bucketMs < 1000 || bucketMs % 1000 !== 0 || windowMs % bucketMs !== 0) {
    problems.push({
      file,
      path: "bucket",
      message: "expected at least 1s, whole seconds, and a whole number of buckets in the window",
    });
  }
  for (const [counterName, counter] of Object.entries(definition.counters)) {
    const { scope, kind } = counter;
    if (scope.key?.some((dimension) => !definition.key.includes(dimension))) {
      problems.push({
        file,
        path: `counters.${counterName}.key`,
        message: "expected a part of the detector's own key",
      });
    }
    if (scope.window !== undefined && parseDuration(scope.window)! < windowMs) {
      const message = "expected a window at least as long as the detector's own";
      problems.push({ file, path: `counters.${counterName}.window`, message });
    }
    if (counter.kind === "firstSeen" && !isMemory(counter.memory, scope.window ?? definition.window)) {
      const message = "expected a memory of at least ten windows, and at most 366d";
      problems.push({ file, path: `counters.${counterName}.memory`, message });
    }
    const many = (scope.key ?? definition.key).filter((dimension) => !fewValues.includes(dimension));
    if (kind === "quantile" && many.length > 0) {
      const message = `quantile() takes memory for each key, so it counts by ${fewValues.join(", ")}, and not by ${many.join(", ")}`;
      problems.push({ file, path: `counters.${counterName}`, message });
    }
    if (kind === "last" && (scope.key ?? scope.window) !== undefined) {
      const message = `last() looks at the detector's own key and window (and at ${lastWidth} numbers)`;
      problems.push({ file, path: `counters.${counterName}`, message });
    }
  }
  const isOwn = ({ scope }: Counter) =>
    scope.key === undefined && parseDuration(scope.window ?? definition.window) === windowMs;
  const own = Object.values(definition.counters).filter(isOwn);
  const { population } = definition;
  const compared = population && definition.counters[population.counter];
  if (population && !(definition.key.includes("route") && definition.key.length > 1)) {
    const message = "compares actors on a route: expected a key of `route` and whoever acts there";
    problems.push({ file, path: "population", message });
  }
  if (population && !(compared && isOwn(compared) && isAmount(compared))) {
    const message = "expected a count(), sum(), max() or distinct() over the detector's own window and key";
    problems.push({ file, path: "population.counter", message });
  }
  if (problems.length === 0 && (own.length === 0 || own.length > slotsPerLane)) {
    const message = `expected at least one counter over the detector's own window and key, and at most ${slotsPerLane}`;
    problems.push({ file, path: "counters", message });
  }
  return problems;
}

function isAmount({ kind }: Counter): boolean {
  return kind === "count" || kind === "sum" || kind === "max" || kind === "distinct";
}

/** What is remembered for hardly longer than the window would be new again all the time. */
function isMemory(memory: string | undefined, window: string): boolean {
  const memoryMs = memory === undefined ? 0 : parseDuration(memory)!;
  return memoryMs >= 10 * parseDuration(window)! && memoryMs <= 366 * 86_400_000;
}
