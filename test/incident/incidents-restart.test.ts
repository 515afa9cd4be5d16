import { describe, expect, test } from "vitest";
import type { Detection } from "../../src/detect/detection.ts";
import { aDetection } from "../support/a-detection.ts";
import { aRunbook } from "../support/a-runbook.ts";
import { incidentScene } from "../support/incident-scene.ts";
import { MemoryStore } from "../support/memory-store.ts";

const minute = 60_000;
const other = { id: "det_0000000000000002", key: { clientIp: "203.0.113.8" } };

describe("what was seen before changes nothing", () => {
  test("in the same process", async () => {
    const scene = await incidentScene();
    await scene.see(aDetection({ version: 3 }));
    await scene.see(aDetection({ version: 3 }), aDetection({ version: 2 }));
    expect(scene.told()).toEqual(["opened page identity"]);
    expect(scene.store.rows("detections")).toHaveLength(1);
  });

  test("after a restart that replays", async () => {
    const scene = await incidentScene();
    await scene.see(aDetection({ version: 1 }), aDetection({ version: 2 }));
    const again = await scene.restart();
    await again.see(aDetection({ version: 1 }), aDetection({ version: 2 }));
    expect(again.told()).toEqual([]);
    await again.see(aDetection({ version: 3, state: "closed" }));
    await again.pass(20 * minute);
    expect(again.told()).toEqual(["updated quiet", "resolved quiet"]);
    expect(again.changes.at(-1)?.incident.id).toBe(scene.changes[0]?.incident.id);
  });

  test("after its incident was resolved, and after a restart besides", async () => {
    const scene = await incidentScene();
    await scene.see(aDetection());
    await scene.incidents.resolve(scene.changes[0]!.incident.id, "alice");
    await scene.see(aDetection());
    const again = await scene.restart();
    await again.see(aDetection());
    expect(again.told()).toEqual([]);
    expect(await again.incidents.list({ state: "live", limit: 10 })).toEqual([]);
  });

  test("out of a backlog that is older than memory", async () => {
    const scene = await incidentScene();
    await scene.see(aDetection());
    await scene.incidents.resolve(scene.changes[0]!.incident.id, "alice");
    await scene.clock.advance(48 * 60 * minute);
    await scene.incidents.tick();
    scene.told();
    await scene.see(aDetection({ stale: true }));
    expect(scene.told()).toEqual([]);
  });

  test("a store emptied of everything gives the same ids", async () => {
    const first = await incidentScene();
    const second = await incidentScene();
    for (const scene of [first, second]) await scene.see(aDetection(), aDetection(other));
    expect(second.changes.map((change) => change.incident)).toEqual(first.changes.map((change) => change.incident));
    expect(second.store.rows("incident_events").map((row) => row.id)).toEqual(
      first.store.rows("incident_events").map((row) => row.id),
    );
  });
});

describe("a sealed detection takes the eager one's place", () => {
  const sealed = { ...other, sealed: true, supersedes: aDetection().id, key: aDetection().key };

  test("without a new page, and the eager one counts no more", async () => {
    const scene = await incidentScene();
    await scene.see(aDetection());
    await scene.see(aDetection(sealed), aDetection({ version: 2, state: "unconfirmed" }));
    expect(scene.told()).toEqual(["opened page identity", "updated quiet"]);
    expect(scene.changes.at(-1)?.incident).toMatchObject({
      detections: [sealed.id],
      openDetections: [sealed.id],
      detectionCount: 1,
    });
  });

  test("and the eager one is saved as not confirmed, once", async () => {
    const scene = await incidentScene();
    const end = aDetection({ version: 2, state: "unconfirmed" });
    await scene.see(aDetection());
    await scene.see(aDetection(sealed), end);
    await scene.see(end);
    const saved = scene.store.saves.flat().filter(({ table }) => table === "detections");
    expect(saved.map(({ id, body }) => [id, (body as Detection).state])).toEqual([
      [aDetection().id, "open"],
      [sealed.id, "open"],
      [aDetection().id, "unconfirmed"],
    ]);
  });

  test("also when both come again after a restart", async () => {
    const scene = await incidentScene();
    await scene.see(aDetection(), aDetection(sealed));
    const again = await scene.restart();
    await again.see(aDetection(), aDetection(sealed));
    expect(again.told()).toEqual([]);
  });

  test("an eager one that comes late opens nothing", async () => {
    const scene = await incidentScene();
    await scene.see(aDetection(sealed), aDetection());
    expect(scene.told()).toEqual(["opened page identity"]);
    expect(scene.changes[0]?.incident.detections).toEqual([sealed.id]);
  });

  test("an eager one that is not confirmed leaves an incident that resolves", async () => {
    const scene = await incidentScene();
    await scene.see(aDetection(), aDetection({ version: 2, state: "unconfirmed" }));
    await scene.pass(16 * minute);
    expect(scene.told()).toEqual(["opened page identity", "updated quiet", "resolved quiet"]);
  });
});

describe("saved first, then handed on", () => {
  test("one save holds the detection, the incident and its line", async () => {
    const scene = await incidentScene();
    await scene.see(aDetection());
    expect(scene.store.saves[0]?.map((row) => row.table)).toEqual(["incident_events", "incidents", "detections"]);
  });

  test.for([0, 1, 2, 3])(
    "killed when %s of three rows were in ClickHouse, and told again: one incident, one page",
    async (many) => {
      const scene = await incidentScene();
      await scene.see(aDetection());
      // Another instance takes over, which has not the journal of this one.
      const store = new MemoryStore();
      await store.save(scene.store.saves[0]!.slice(0, many));
      const again = await scene.restart({ store });
      await again.see(aDetection());
      await again.pass(1_000);
      expect(again.told().filter((change) => change.includes("page"))).toEqual(["opened page identity"]);
      const [incident, ...others] = await again.incidents.list({ limit: 10 });
      expect(others).toEqual([]);
      expect(incident).toMatchObject({ detections: [aDetection().id], detectionCount: 1 });
    },
  );

  test("what the store refuses is not handed on, and is saved by the next call", async () => {
    const scene = await incidentScene();
    scene.store.failSaves(new Error("disk full"));
    await expect(scene.see(aDetection())).rejects.toThrow("disk full");
    expect(scene.told()).toEqual([]);
    scene.store.failSaves(undefined);
    await scene.see(aDetection());
    expect(scene.told()).toEqual(["opened page identity"]);
    expect(scene.store.rows("detections")).toHaveLength(1);
  });

  test("what was saved and not handed on is handed on after a restart", async () => {
    const scene = await incidentScene({
      onChange() {
        throw new Error("killed");
      },
    });
    await scene.see(aDetection());
    const again = await scene.restart();
    await again.pass(1000);
    expect(again.told()).toEqual(["opened page identity"]);
    expect(again.changes[0]?.detection?.id).toBe(aDetection().id);
    const third = await scene.restart();
    await third.pass(1000);
    expect(third.told()).toEqual([]);
  });

  test("a change that a later stage fails on is offered again, and not for ever", async () => {
    let calls = 0;
    const scene = await incidentScene({
      onChange() {
        if (++calls < 100) throw new Error("a bug");
      },
    });
    await scene.see(aDetection());
    await scene.pass(20_000);
    expect(calls).toBe(5);
    expect(
      await scene.metrics.registry.getSingleMetricAsString("gatewatch_incident_handover_failures_total"),
    ).toContain("gatewatch_incident_handover_failures_total 5");
  });
});

describe("a reload", () => {
  test("does not page again for what is open, however the rule was changed", async () => {
    const scene = await incidentScene();
    await scene.see(aDetection());
    const changed = aRunbook({ group: ["route", "clientIp"], title: "Another title" });
    scene.incidents.update({ runbooks: [changed, aRunbook({ id: "new", match: changed.match })], teams: ["identity"] });
    await scene.see(aDetection({ version: 2 }), aDetection(other));
    expect(scene.told()).toEqual(["opened page identity", "updated quiet", "updated quiet", "opened page identity"]);
    expect(scene.changes.map((change) => change.runbook.id)).toEqual(["credential-stuffing", "credential-stuffing", "credential-stuffing", "new"]); // prettier-ignore
  });

  test("does not page for it later either, and lets a rule that stayed the same have its say", async () => {
    const other = aRunbook({ id: "worse", match: { detector: ["credential-stuffing"], severity: ["critical"] } });
    const scene = await incidentScene({ runbooks: [aRunbook({ severity: "critical" }), other] });
    await scene.see(aDetection());
    const added = aRunbook({ id: "new", match: { detector: ["credential-stuffing"], severity: undefined } });
    scene.incidents.update({ runbooks: [aRunbook(), other, added], teams: ["identity"] });
    await scene.see(aDetection({ version: 2 }));
    await scene.see(aDetection({ version: 3 }));
    expect(scene.told()).toEqual(["opened page identity", "updated quiet", "updated quiet"]);
    await scene.see(aDetection({ version: 4, severity: "critical" }));
    expect(scene.told()).toEqual(["updated quiet", "opened page identity"]);
    expect(scene.changes.at(-1)?.runbook.id).toBe("worse");
  });

  test("keeps an incident whose runbook is gone, until it is over", async () => {
    const scene = await incidentScene();
    await scene.see(aDetection());
    scene.incidents.update({ runbooks: [], teams: ["identity"] });
    await scene.see(aDetection({ version: 2, state: "closed" }), aDetection(other));
    const again = await scene.restart({ runbooks: [] });
    await again.pass(20 * minute);
    expect(again.told()).toEqual(["resolved quiet"]);
  });
});
