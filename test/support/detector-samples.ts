import type { DetectorDetail } from "../../src/api/api-services.ts";
import type { LiveReport } from "../../src/block/detector-trial.ts";
import { sampleStatus, sampleTime } from "./api-samples.ts";

const hour = 3_600_000;

/** The detectors of the sample status, and one that is off. */
export function sampleDetectors(): DetectorDetail[] {
  const on = sampleStatus().detectors.map((status) => ({
    ...status,
    ...more,
    found: { since: sampleTime - 50 * hour, detections: 14, open: 1, alerts: 3, blocked: 9, customers: 2 },
  }));
  const off = {
    ...on[0]!,
    id: "country-surge",
    title: "A country's share rises",
    mode: "off" as const,
    found: undefined,
  };
  return [...on, off];
}

/** Two days of a dry run that would have blocked customers. */
export function sampleReport(over: Partial<LiveReport> = {}): LiveReport {
  const none = { all: 0, bought: 0, signedIn: 0 };
  return {
    detector: "impossible-travel",
    title: "A user in two places",
    mode: "dry-run",
    since: sampleTime - 50 * hour,
    until: sampleTime,
    detections: 14,
    states: { open: 1, closed: 13, unconfirmed: 2 },
    alerts: 3,
    aDay: { detections: 6.72, alerts: 1.44, blocked: 4.32 },
    keys: [
      { key: "userId u-8812", times: 4 },
      { key: "userId u-17", times: 1 },
    ],
    people: { all: 11, bought: 2, signedIn: 5 },
    blocks: {
      blocked: { all: 9, bought: 1, signedIn: 1 },
      asked: { ...none, all: 2 },
      refused: { ...none, all: 3 },
      withdrawn: none,
      onTrial: 9,
      refusedBy: { "users-behind-address": 2, confidence: 3 },
      hit: { requests: 812, succeeded: 31, signedIn: 4, bought: 2, users: 5 },
    },
    latest: [
      {
        decision: 41,
        uuid: "0d9f6a3e-1c1b-4c53-9c0e-5b8f4d2a7e41",
        scope: "user",
        value: "u-8812",
        action: "ban",
        result: "blocked",
        dryRun: true,
        createdAt: sampleTime - 2 * hour,
        until: sampleTime - hour,
        incident: "inc_00000000000000a1",
        standing: "bought",
        refusedBy: [],
        wouldHaveHit: { requests: 40, succeeded: 3, signedIn: 1, bought: 2, users: ["u-8812"], userCount: 1 },
      },
    ],
    thresholds: [
      {
        parameter: "kilometresPerHour",
        value: 1_000,
        near: { times: 40, p50: 610, p90: 1_400, p99: 8_000, p999: 9_100, max: 9_100 },
        highest: { bought: 1_150, signedIn: 1_010 },
        at: [
          { value: 500, detections: 40, bought: 4, signedIn: 9 },
          { value: 1_000, detections: 14, bought: 2, signedIn: 1 },
          { value: 1_250, detections: 11, bought: 0, signedIn: 0 },
        ],
        always: 0,
      },
    ],
    leftOut: 0,
    suggestions: [
      {
        parameter: "kilometresPerHour",
        value: 1_000,
        kind: "raise",
        to: 1_250,
        params: { kilometresPerHour: 1_250 },
        text: "kilometresPerHour: 1000 → 1250 would have fired 5.3 instead of 6.7 times a day; the largest customer who bought had 1150",
      },
    ],
    promote: "detectors: { impossible-travel: { mode: active } }",
    adjust: "detectors: { impossible-travel: { mode: dry-run, params: { kilometresPerHour: 1250 } } }",
    ...over,
  };
}

// helpers

const more = {
  severity: "high",
  owasp: ["API2:2023"],
  description: "Compares where one user signs in with where they were before.",
  key: ["userId"],
  window: "1h",
  quiet: "1h",
  triage: ["Does the user travel, or use a VPN?"],
  suppressedBy: ["login-outage"],
  runbooks: ["credential-stuffing"],
  blocks: true,
  params: [{ name: "kilometresPerHour", value: 1_000, default: 900, description: "Faster than an airliner." }],
} as const;
