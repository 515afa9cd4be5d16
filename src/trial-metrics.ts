import type { DetectStage } from "./detect/detect-stage.ts";
import type { LiveTrials } from "./live-trials.ts";
import type { Metrics } from "./metrics.ts";

/** The figures of detectors' reports, read when Prometheus asks. They begin anew with each report. */
export function measureTrials(parts: {
  readonly metrics: Metrics;
  readonly detect: Pick<DetectStage, "status">;
  readonly trials: Pick<LiveTrials, "report">;
}): void {
  const { metrics, detect, trials } = parts;
  const detections = metrics.gauge("gatewatch_trial_detections", "Detections since a detector runs as it does", [
    "detector",
    "mode",
  ]);
  const alerts = metrics.gauge("gatewatch_trial_alerts", "Alerts that a detector caused, or would have", [
    "detector",
    "mode",
  ]);
  const blocked = metrics.gauge(
    "gatewatch_trial_blocked",
    "Different targets that a detector blocked, or would have, by whether they had bought or signed in before",
    ["detector", "mode", "customer"],
  );
  const seconds = metrics.gauge("gatewatch_trial_seconds", "Event time since a detector runs as it does", [
    "detector",
    "mode",
  ]);
  Object.assign(detections, {
    collect() {
      // What a reload took away must not be told for ever.
      for (const gauge of [detections, alerts, blocked, seconds]) gauge.reset();
      for (const { id: detector, mode } of detect.status()) {
        const report = trials.report(detector);
        if (report?.since === undefined || report.until === undefined) continue;
        const { bought, signedIn, all } = report.blocks.blocked;
        detections.set({ detector, mode }, report.detections);
        alerts.set({ detector, mode }, report.alerts);
        blocked.set({ detector, mode, customer: "true" }, bought + signedIn);
        blocked.set({ detector, mode, customer: "false" }, all - bought - signedIn);
        seconds.set({ detector, mode }, (report.until - report.since) / 1000);
      }
    },
  });
}
