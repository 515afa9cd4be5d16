import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { DetectorStatus } from "../src/detect/detect-stage.ts";
import { serviceDetectors } from "../src/service-detectors.ts";
import { ban } from "./block/block-scene.ts";
import { aDetector } from "./support/a-detector.ts";
import { aRunbook } from "./support/a-runbook.ts";
import { sampleReport } from "./support/detector-samples.ts";

const params = z.strictObject({ failures: z.int().default(5).meta({ description: "Failed logins." }) });
const stuffing = aDetector({ id: "stuffing", params, suppressedBy: ["login-outage"] });
const surge = aDetector({ id: "surge", params });
const coverage = { state: "full", missing: [], events: 70, fields: [], gaps: [] } as const;
const status: DetectorStatus = {
  ...{ id: "stuffing", title: stuffing.title, mode: "dry-run", coverage, muted: false, errors: 0 },
  suppressed: { times: 0, by: [] },
};

describe("the detectors as the API shows them", () => {
  const runbooks = [
    aRunbook({ id: "r1", block: ban, match: { detector: ["stuffing", "other"], severity: undefined } }),
    aRunbook({ id: "r2", match: { detector: ["other"], severity: undefined } }),
  ];
  const detectors = serviceDetectors({
    rules: () => ({
      detectors: [{ definition: stuffing, params: { failures: 9 }, mode: "dry-run" }],
      ...{ off: [surge], runbooks },
    }),
    detect: { status: () => [status] },
    trials: { report: (id) => (id === "stuffing" ? sampleReport() : undefined) },
  });

  test("those that run come with coverage and figures, those that are off without", () => {
    const [on, off] = detectors.list();
    expect(on).toMatchObject({
      ...{ id: "stuffing", mode: "dry-run", state: "full", events: 70 },
      found: { detections: 14, blocked: 9, customers: 2 },
    });
    expect(off).toMatchObject({ id: "surge", mode: "off", found: undefined, events: 0 });
  });

  test("one comes with its parameters as they are and as they would be, and its runbooks", () => {
    expect(detectors.get("stuffing")).toMatchObject({
      params: [{ name: "failures", value: 9, default: 5, description: "Failed logins." }],
      ...{ runbooks: ["r1"], blocks: true, suppressedBy: ["login-outage"], window: "1m", quiet: "1m" },
    });
    expect(detectors.get("surge")).toMatchObject({ mode: "off", blocks: false, params: [{ value: 5 }], runbooks: [] });
    expect(detectors.get("none")).toBeUndefined();
  });
});
