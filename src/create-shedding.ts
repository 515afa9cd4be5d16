import type { Clock } from "./clock.ts";
import type { ShedConfig } from "./detect/detect-config.ts";
import { Shedding } from "./detect/shedding.ts";
import type { Metrics } from "./metrics.ts";

/** What leaves requests out while reading is too far behind, and counts them; `undefined` where none may be. */
export function createShedding(options: {
  readonly config: ShedConfig | undefined;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly report: (text: string | undefined) => void;
}): Shedding | undefined {
  const { config, clock, metrics, report } = options;
  const shed = metrics.counter("gatewatch_detect_shed_total", "Requests left out of counting by client and user", [
    "class",
  ]);
  if (config === undefined) return undefined;
  for (const one of config.classes) shed.inc({ class: one }, 0);
  return new Shedding({ config, clock, report, onShed: (endpointClass) => shed.inc({ class: endpointClass }) });
}
