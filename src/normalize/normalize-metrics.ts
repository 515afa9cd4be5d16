import type { Counter, Gauge } from "prom-client";
import type { Metrics } from "../metrics.ts";

export interface NormalizeMetrics {
  readonly events: Counter<"source">;
  readonly rejected: Counter<"source" | "reason">;
  readonly clamped: Counter<"source">;
  readonly endpoints: Gauge<never>;
}

export function normalizeMetrics(metrics: Metrics): NormalizeMetrics {
  return {
    events: metrics.counter("gatewatch_normalize_events_total", "Log entries that became events", ["source"]),
    rejected: metrics.counter("gatewatch_normalize_rejected_total", "Log entries that became no event", [
      "source",
      "reason",
    ]),
    clamped: metrics.counter("gatewatch_normalize_clamped_total", "Events whose time lay in the future", ["source"]),
    endpoints: metrics.gauge("gatewatch_normalize_endpoints", "Endpoints seen in the traffic"),
  };
}
