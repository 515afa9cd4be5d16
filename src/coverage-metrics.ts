import type { ServiceStatus } from "./api/service-status.ts";
import type { DetectStage } from "./detect/detect-stage.ts";
import type { Metrics } from "./metrics.ts";
import { optionalFields } from "./normalize/field-counts.ts";

/** What logs have and detectors lack, read when Prometheus asks. What is not known yet has no value: it is not 0. */
export function measureCoverage(parts: {
  readonly metrics: Metrics;
  readonly status: () => ServiceStatus;
  readonly detect: DetectStage;
}): void {
  const { metrics, status, detect } = parts;
  const events = metrics.gauge("gatewatch_normalize_format_events", "Events read of each format since the start", [
    "source",
    "format",
  ]);
  const shares = metrics.gauge("gatewatch_normalize_field_share", "Share of a format's events that had the field", [
    "source",
    "format",
    "field",
  ]);
  const states = metrics.gauge("gatewatch_detect_coverage", "1 for the state each detector's coverage is in", [
    "detector",
    "state",
  ]);
  const fields = metrics.gauge(
    "gatewatch_detect_field_share",
    "Share of the events a detector looked at that had a field it needs, or would be surer with",
    ["detector", "field", "needed"],
  );
  const gaps = metrics.gauge(
    "gatewatch_detect_missing_field",
    "1 for a field that a detector lacks in one gateway's requests or in its shop events, and has in others",
    ["detector", "field", "gateway", "origin"],
  );
  Object.assign(events, {
    collect() {
      // What a reload took away must not be told for ever.
      for (const gauge of [events, shares, states, fields, gaps]) gauge.reset();
      for (const { name: source, formats } of status().sources) {
        for (const { format, events: count, coverage } of formats) {
          events.set({ source, format }, count);
          for (const field of optionalFields) shares.set({ source, format, field }, coverage[field] ?? 0);
        }
      }
      for (const { id: detector, coverage } of detect.status()) {
        states.set({ detector, state: coverage.state }, 1);
        for (const { field, needed, share } of coverage.fields)
          fields.set({ detector, field, needed: String(needed) }, share);
        for (const { gateway, origin, missing } of coverage.gaps)
          for (const field of missing) gaps.set({ detector, field, gateway, origin }, 1);
      }
    },
  });
}
