import { expect, test } from "vitest";
import type { LiveReport } from "../src/block/detector-trial.ts";
import type { DetectorStatus } from "../src/detect/detect-stage.ts";
import { createMetrics } from "../src/metrics.ts";
import { measureTrials } from "../src/trial-metrics.ts";
import { sampleReport } from "./support/detector-samples.ts";

test("each report's figures, once it has begun; a detector that is gone takes its own along", async () => {
  const metrics = createMetrics();
  const status = (id: string) => ({ id, mode: "dry-run" }) as DetectorStatus;
  let detectors = [status("impossible-travel"), status("waiting")];
  const reports = new Map<string, LiveReport>([
    ["impossible-travel", sampleReport()],
    ["waiting", sampleReport({ since: undefined, until: undefined })],
  ]);
  measureTrials({ metrics, detect: { status: () => detectors }, trials: { report: (id) => reports.get(id) } });
  const scrape = async () => (await metrics.registry.metrics()).split("\n").filter((line) => line.startsWith("gate"));
  expect(await scrape()).toEqual([
    'gatewatch_trial_detections{detector="impossible-travel",mode="dry-run"} 14',
    'gatewatch_trial_alerts{detector="impossible-travel",mode="dry-run"} 3',
    'gatewatch_trial_blocked{detector="impossible-travel",mode="dry-run",customer="true"} 2',
    'gatewatch_trial_blocked{detector="impossible-travel",mode="dry-run",customer="false"} 7',
    'gatewatch_trial_seconds{detector="impossible-travel",mode="dry-run"} 180000',
  ]);
  detectors = [];
  expect(await scrape()).toEqual([]);
});
