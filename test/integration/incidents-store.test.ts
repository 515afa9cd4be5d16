import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import type { IncidentChange } from "../../src/incident/incident.ts";
import { createIncidents, type Incidents } from "../../src/incident/incidents.ts";
import { loadRunbooks } from "../../src/incident/load-runbooks.ts";
import { silentLog } from "../../src/log.ts";
import { createMetrics } from "../../src/metrics.ts";
import type { Store } from "../../src/store/store.ts";
import { aDetection } from "../support/a-detection.ts";
import { openTestStore } from "../support/open-test-store.ts";

// The incident stage on the real store: what the one in memory can't prove is that ClickHouse
// understands the conditions, and the questions people find in runbooks.
let directory: string;
let store: Store;
const { runbooks } = await loadRunbooks([join(import.meta.dirname, "../../runbooks")]);
const metrics = createMetrics();
const changes: IncidentChange[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "gatewatch-test-"));
  store = await openTestStore(directory, undefined, { metrics });
});

afterAll(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

async function start(): Promise<Incidents> {
  const incidents = createIncidents({
    store,
    clock: systemClock,
    log: silentLog,
    metrics,
    runbooks,
    teams: ["platform", "identity"],
    onChange: (change) => void changes.push(change),
  });
  await incidents.load();
  return incidents;
}

describe("the questions in runbooks", () => {
  const questions = runbooks.flatMap((runbook) =>
    [...runbook.steps.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, sql]) => [runbook.id, sql ?? ""] as const),
  );

  test("there are some", () => expect(questions.length).toBeGreaterThanOrEqual(5));

  test.for(questions)("%s", async ([, sql]) => {
    expect(await store.query(sql)).toEqual([]);
  });
});

describe("incidents in the store", () => {
  test("open, and are there after a restart, with timeline, detections and silences", async () => {
    const first = await start();
    await first.detections([aDetection()]);
    const { id } = changes[0]!.incident;
    await first.addEvent(id, { kind: "paged", text: "Slack took it" });
    const endsAt = systemClock.now() + 60_000;
    await first.silences.create({ runbook: "credential-stuffing", endsAt, reason: "load test" }, "alice");

    const second = await start();
    changes.length = 0;
    await second.detections([aDetection()]);
    await second.tick();
    expect(changes).toEqual([]);
    expect(await second.silences.list()).toMatchObject([{ reason: "load test", by: "alice" }]);
    const details = await second.get(id);
    expect(details?.incident).toMatchObject({ state: "open", quiet: expect.stringContaining("silenced:") as string });
    expect(details?.timeline.map((line) => line.kind)).toEqual(["opened", "paged", "updated"]);
    expect(details?.detections).toEqual([JSON.parse(JSON.stringify(aDetection()))]);

    await second.resolve(id, "alice");
    const third = await start();
    expect(await third.list({ state: "live", limit: 10 })).toEqual([]);
    const [resolved] = await third.list({ state: "resolved", limit: 10 });
    expect(resolved).toMatchObject({ id, state: "resolved", resolvedBy: "alice" });
    const before = { time: resolved!.openedAt, id };
    expect(await third.list({ limit: 10, before })).toEqual([]);
    expect(await third.list({ limit: 10, before: { ...before, time: before.time + 1 } })).toHaveLength(1);
  });

  test("have no column that the tables lack", async () => {
    await store.flush();
    const lost = await metrics.registry.getSingleMetricAsString("gatewatch_store_unknown_columns_total");
    expect(lost).not.toMatch(/table="(incidents|incident_events|silences)"/);
    const rows = await store.query("SELECT state, team, detectionCount, targets FROM incidents FINAL");
    expect(rows).toEqual([{ state: "resolved", team: "identity", detectionCount: 1, targets: ["ip 203.0.113.7"] }]);
  });
});
