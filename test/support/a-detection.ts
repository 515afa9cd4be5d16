import type { Detection } from "../../src/detect/detection.ts";

/** A detection of credential stuffing by one client, with whatever a test wants different. */
export function aDetection(changes: Partial<Detection> = {}): Detection {
  const firedAt = Date.parse("2026-08-22T09:00:00.000Z");
  return {
    id: "det_0000000000000001",
    version: 1,
    detector: "credential-stuffing",
    title: "One client tries many accounts",
    severity: "high",
    owasp: ["API2:2023"],
    state: "open",
    sealed: false,
    key: { clientIp: "203.0.113.7" },
    firstSeen: firedAt - 20_000,
    firedAt,
    lastSeen: firedAt,
    counters: { failures: 12, attempts: 12, accounts: null },
    summary: "12 of 12 sign-ins from 203.0.113.7 failed within 10 minutes",
    targets: [{ scope: "ip", value: "203.0.113.7" }],
    clientIpCertain: true,
    evidence: [],
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
    ...changes,
  };
}
