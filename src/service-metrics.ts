import { collectDefaultMetrics } from "prom-client";
import type { ServiceStatus } from "./api/service-status.ts";
import type { DetectStage } from "./detect/detect-stage.ts";
import { measureCoverage } from "./coverage-metrics.ts";
import type { LiveTrials } from "./live-trials.ts";
import type { Metrics } from "./metrics.ts";
import { measureTrials } from "./trial-metrics.ts";

/** Registers what the detect stage and the service as a whole measure; read when Prometheus asks. */
export function measureService(parts: {
  readonly metrics: Metrics;
  readonly status: () => ServiceStatus;
  readonly detect: DetectStage;
  readonly trials: Pick<LiveTrials, "report">;
}): void {
  const { metrics, status, detect } = parts;
  collectDefaultMetrics({ register: metrics.registry, prefix: "gatewatch_" });
  const gauge = (name: string, help: string, value: () => number) => {
    const made = metrics.gauge(name, help);
    const { registry } = metrics;
    registry.removeSingleMetric(name);
    registry.registerMetric(Object.assign(made, { collect: () => made.set(value()) }));
  };
  measureCoverage(parts);
  measureTrials(parts);
  gauge(
    "gatewatch_detect_watermark_seconds",
    "Event time up to which everything is judged, epoch seconds",
    () => detect.watermark.value / 1000,
  );
  gauge(
    "gatewatch_detect_lag_seconds",
    "How far the newest handled event is behind now, of the partition that is furthest; 0 when nothing waits",
    () => (status().lagMs ?? 0) / 1000,
  );
  gauge(
    "gatewatch_detect_late_events_total",
    "Events later than detect.lateness, which were not judged",
    () => detect.engine.late,
  );
  gauge(
    "gatewatch_detect_repeated_events_total",
    "Lines with a request id that came twice within a short time, and were counted once.",
    () => detect.engine.repeated,
  );
  gauge("gatewatch_detect_faults_total", "Errors thrown by detectors, skipped", () => detect.engine.faults);
  gauge("gatewatch_detect_open_episodes", "Detections that are going on", () => detect.engine.episodes.size);
  gauge(
    "gatewatch_detect_unconfirmed_total",
    "Eager detections that did not hold once their events were complete",
    () => detect.engine.episodes.unconfirmed,
  );

  gauge(
    "gatewatch_detect_first_seen_values",
    "Values remembered for firstSeen counters, over all keys",
    () => detect.engine.firsts?.used ?? 0,
  );
  gauge(
    "gatewatch_detect_first_seen_evicted_total",
    "Values that gave way to others before they were old: they count as new when they come again",
    () => detect.engine.firsts?.evicted ?? 0,
  );

  const rows = metrics.gauge("gatewatch_detect_rows", "Keys held, by what they are made of", ["key"]);
  const evicted = metrics.gauge("gatewatch_detect_evicted_total", "Keys that gave way to others", ["key"]);
  const promoted = metrics.gauge("gatewatch_detect_promoted_rows", "Keys that hold buckets", ["key"]);
  const demoted = metrics.gauge("gatewatch_detect_demoted_total", "Keys that lost their buckets to busier ones", [
    "key",
  ]);
  const errors = metrics.gauge("gatewatch_detect_errors_total", "Errors thrown by each detector, skipped", [
    "detector",
  ]);
  const suppressed = metrics.gauge(
    "gatewatch_detect_suppressed_total",
    "How often each detector would have fired, had no other one held it back",
    ["detector"],
  );
  const muted = metrics.gauge(
    "gatewatch_detect_muted",
    "1 for a detector that was switched off since it keeps failing",
    ["detector"],
  );
  Object.assign(rows, {
    collect() {
      // What a reload took away must not be told for ever.
      for (const gauge of [rows, evicted, promoted, demoted, errors, suppressed, muted]) gauge.reset();
      for (const { dimensions, table, lanes } of detect.engine.spaces) {
        const key = dimensions.join("+");
        rows.set({ key }, table.used);
        evicted.set({ key }, table.evicted);
        promoted.set({ key }, lanes.reduce((total, lane) => total + lane.rings.used, 0));
        demoted.set({ key }, lanes.reduce((total, lane) => total + lane.rings.takenOver, 0));
      }
      for (const { id, muted: isMuted, errors: thrown, suppressed: heldBack } of detect.status()) {
        errors.set({ detector: id }, thrown);
        suppressed.set({ detector: id }, heldBack.times);
        muted.set({ detector: id }, isMuted ? 1 : 0);
      }
    },
  }); // prettier-ignore
}
