import type { Decision } from "../../src/block/decision.ts";

let lastId = 0;

/** An active ban of 203.0.113.7 for 15 minutes, changed where the test cares. */
export function aDecision(changes: Partial<Decision> = {}): Decision {
  const createdAt = changes.createdAt ?? Date.parse("2026-08-22T09:00:00.000Z");
  const id = changes.id ?? ++lastId;
  const dryRun = changes.dryRun ?? false;
  return {
    scope: "ip",
    value: "203.0.113.7",
    id,
    uuid: `00000000-0000-4000-8000-${String(id).padStart(12, "0")}`,
    version: 1,
    action: "ban",
    createdAt,
    until: createdAt + 15 * 60_000,
    origin: "runbook",
    incident: "inc_0000000000000001",
    detection: "det_0000000000000001",
    runbook: "credential-stuffing",
    reason: "9 failed logins on 9 accounts",
    dryRun,
    repeat: 0,
    state: "active",
    verdicts: [],
    liftedBy: undefined,
    liftedAt: undefined,
    ...(dryRun ? {} : { servedAt: createdAt }),
    ...changes,
  };
}
