import { expect, test } from "vitest";
import { RecentSignals } from "../../src/block/recent-signals.ts";
import type { Target } from "../../src/detect/detection.ts";
import { aDetection } from "../support/a-detection.ts";

const ip = (i: number): Target => ({ scope: "ip", value: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}` });
const probing = aDetection({ id: "det_0000000000000002", detector: "probing", signal: "requests" });

test("at most 50,000 targets are remembered: the one named longest ago gives way", () => {
  const signals = new RecentSignals();
  for (let i = 0; i < 50_000; i++) signals.note(ip(i), probing);
  signals.note(ip(0), probing);
  signals.note(ip(50_000), probing);
  expect(signals.confirming(ip(0), aDetection())).toEqual(["probing"]);
  expect(signals.confirming(ip(1), aDetection())).toEqual([]);
  expect(signals.confirming(ip(50_000), aDetection())).toEqual(["probing"]);
});

test("of one target the latest eight detections are remembered, each detector told once", () => {
  const signals = new RecentSignals();
  signals.note(ip(1), probing);
  for (let i = 0; i < 8; i++) signals.note(ip(1), aDetection({ id: `det_${i}`, detector: "scraping", signal: "x" }));
  expect(signals.confirming(ip(1), aDetection())).toEqual(["scraping"]);
});
