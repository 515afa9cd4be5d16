import { blockMetrics } from "../block/block-metrics.ts";
import type { Metrics } from "../metrics.ts";

export type GateMetrics = ReturnType<typeof gateMetrics>;

/** What answers gateways from the topic `decisions` measures; all labels come from closed sets. */
export function gateMetrics(metrics: Metrics) {
  return {
    ...blockMetrics(metrics),
    records: metrics.counter("gatewatch_gate_records_total", "Records of the topic of decisions", ["kind"]),
    delay: metrics.histogram(
      "gatewatch_gate_delay_seconds",
      "From a decision to its being known here, by the clocks of both",
    ),
    connected: metrics.gauge("gatewatch_gate_connected", "1 while the topic of decisions can be read, else 0"),
    caughtUp: metrics.gauge("gatewatch_gate_caught_up", "1 once all decisions are known, else 0"),
  };
}
