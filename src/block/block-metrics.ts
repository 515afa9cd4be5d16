import type { Metrics } from "../metrics.ts";

/** What blocking measures; all labels come from closed sets or the configuration. */
export function blockMetrics(metrics: Metrics) {
  return {
    decisions: metrics.counter("gatewatch_block_decisions_total", "Decisions by what became of them", [
      "action",
      "state",
      "dry_run",
    ]),
    active: metrics.gauge("gatewatch_block_active_decisions", "Decisions that hold now", ["served"]),
    verdicts: metrics.counter("gatewatch_block_verdicts_total", "What the guard's rules said of candidates", [
      "rule",
      "says",
    ]),
    checks: metrics.counter("gatewatch_block_checks_total", "Answers on /v1/check", ["answer"]),
    stopped: metrics.gauge("gatewatch_block_stopped", "1 while stop-blocking holds"),
    saveFailures: metrics.counter("gatewatch_block_save_failures_total", "Ends of decisions that could not be saved"),
    sends: metrics.counter("gatewatch_block_gateway_sends_total", "Changes pushed to gateways", ["gateway", "result"]),
    behind: metrics.gauge("gatewatch_block_gateway_behind", "Decisions a gateway has not been told of yet", [
      "gateway",
    ]),
    bouncers: metrics.counter("gatewatch_block_bouncer_requests_total", "Requests of CrowdSec bouncers", [
      "endpoint",
      "status",
    ]),
  };
}

export type BlockMetrics = ReturnType<typeof blockMetrics>;
