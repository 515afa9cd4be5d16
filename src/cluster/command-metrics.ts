import type { Metrics } from "../metrics.ts";

export type CommandMetrics = ReturnType<typeof commandMetrics>;

/** What handing requests on measures; all labels come from closed sets. */
export function commandMetrics(metrics: Metrics) {
  return {
    asked: metrics.counter("gatewatch_commands_asked_total", "Requests handed on to the instance that works", [
      "result",
    ]),
    run: metrics.counter("gatewatch_commands_run_total", "Requests run for other instances", ["result"]),
  };
}
