import type { Counter, Gauge } from "prom-client";
import type { Metrics } from "../metrics.ts";
import type { NormalizedBatch } from "./access-event.ts";

/** What a normalizer has seen since the start, or since its rules changed. */
export interface NormalizeFigures {
  readonly endpoints: number;
  /** Events whose time lay so far ahead that it was set back. */
  readonly clamped: number;
  /** How often something was learned of routes. */
  readonly learned: number;
}

/** Counts what became of batches. */
export class NormalizeCounting {
  readonly #metrics: NormalizeMetrics;
  #clamped = 0;

  constructor(metrics: Metrics) {
    this.#metrics = normalizeMetrics(metrics);
  }

  /** `figures`: after this batch. */
  count(
    source: string,
    { events, rejected }: Pick<NormalizedBatch, "events" | "rejected">,
    { endpoints, clamped }: Pick<NormalizeFigures, "endpoints" | "clamped">,
  ): void {
    this.#metrics.events.inc({ source }, events.length);
    this.#metrics.endpoints.set(endpoints);
    for (const { reason } of rejected) this.#metrics.rejected.inc({ source, reason });
    this.#metrics.clamped.inc({ source }, clamped < this.#clamped ? clamped : clamped - this.#clamped);
    this.#clamped = clamped;
  }
}

// helpers

interface NormalizeMetrics {
  readonly events: Counter<"source">;
  readonly rejected: Counter<"source" | "reason">;
  readonly clamped: Counter<"source">;
  readonly endpoints: Gauge<never>;
}

function normalizeMetrics(metrics: Metrics): NormalizeMetrics {
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
