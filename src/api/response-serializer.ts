import { z } from "zod";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";

/** Writes an answer as JSON. */
export type WriteAnswer = (data: unknown) => string;

/**
 * Writes answers by their schemas, which leave out what they don't name. An answer that does not fit
 * (a row that an earlier version saved) is sent as it is, counted and logged: at 3 a.m. a list with
 * an odd row is worth more than none.
 */
export function createResponseSerializer(options: { metrics: Metrics; log: Log }) {
  const misfits = options.metrics.counter(
    "gatewatch_api_response_misfits_total",
    "Answers that did not fit their schema, and were sent all the same",
    ["route"],
  );
  return ({ schema, url }: { schema: z.ZodType; url: string }): WriteAnswer =>
    (data) => {
      const result = z.safeEncode(schema, data);
      if (result.success) return JSON.stringify(result.data);
      misfits.inc({ route: url });
      options.log.error({ route: url, issues: result.error.issues.slice(0, 5) }, "an answer does not fit its schema");
      return JSON.stringify(data);
    };
}
