import type { Metrics } from "../metrics.ts";

export type DecisionsMetrics = ReturnType<typeof decisionsMetrics>;

/** What whoever acts measures about telling gates; all labels come from closed sets. */
export function decisionsMetrics(metrics: Metrics) {
  return {
    published: metrics.counter("gatewatch_decisions_published_total", "Records for gates, and commits that failed", [
      "result",
    ]),
    behind: metrics.gauge("gatewatch_decisions_unpublished", "Targets that gates have not been told of"),
    seconds: metrics.histogram("gatewatch_decisions_publish_seconds", "How long it took to commit what gates are told"),
  };
}
