import { describe, expect, test } from "vitest";
import { aDetection } from "../support/a-detection.ts";
import { aRunbook } from "../support/a-runbook.ts";
import { incidentScene } from "../support/incident-scene.ts";

const minute = 60_000;
const client = (n: number) => ({
  id: `det_${String(n).padStart(16, "0")}`,
  key: { clientIp: `203.0.113.${n}` },
  targets: [{ scope: "ip" as const, value: `203.0.113.${n}` }],
});

describe("an incident's life", () => {
  test("opens once for many detections, is paged once, and resolves when all are over", async () => {
    const scene = await incidentScene();
    await scene.see(aDetection(client(1)));
    expect(scene.told()).toEqual(["opened page identity"]);

    await scene.pass(minute);
    await scene.see(aDetection(client(2)), aDetection({ ...client(1), version: 2 }));
    expect(scene.told()).toEqual(["updated quiet", "updated quiet"]);

    await scene.pass(minute);
    const lastSeen = scene.clock.now();
    await scene.see(aDetection({ ...client(1), version: 3, state: "closed", lastSeen }));
    await scene.pass(20 * minute);
    expect(scene.told()).toEqual(["updated quiet"]);

    await scene.see(
      aDetection({ ...client(2), version: 2, state: "closed", lastSeen: scene.clock.now() - 5 * minute }),
    );
    await scene.pass(9 * minute);
    expect(scene.told()).toEqual(["updated quiet"]);
    await scene.pass(2 * minute);
    expect(scene.told()).toEqual(["resolved quiet"]);

    const [incident] = await scene.incidents.list({ limit: 10 });
    expect(incident).toMatchObject({
      state: "resolved",
      resolvedBy: "gatewatch",
      detectionCount: 2,
      openDetections: [],
      title: "Credential stuffing · login",
      keys: ["clientIp 203.0.113.1", "clientIp 203.0.113.2"],
      targets: [{ value: "203.0.113.1" }, { value: "203.0.113.2" }],
    });
  });

  test("keeps one incident for each group", async () => {
    const scene = await incidentScene();
    await scene.see(aDetection(client(1)), aDetection({ ...client(2), endpointClass: "account" }));
    expect(scene.told()).toEqual(["opened page identity", "opened page identity"]);
    expect((await scene.incidents.list({ limit: 10 })).map((incident) => incident.group)).toEqual(
      expect.arrayContaining([{ endpointClass: "login" }, { endpointClass: "account" }]),
    );
  });

  test("becomes more severe: people are told again, though somebody has acknowledged it", async () => {
    const scene = await incidentScene();
    await scene.see(aDetection(client(1)));
    const id = scene.changes[0]!.incident.id;
    await scene.incidents.acknowledge(id, "alice");
    await scene.see(aDetection({ ...client(1), version: 2, severity: "critical" }));
    expect(scene.told()).toEqual(["opened page identity", "acknowledged quiet", "updated page identity"]);
    await scene.see(aDetection({ ...client(1), version: 3, severity: "high" }));
    expect(scene.told()).toEqual(["updated quiet"]);
    expect(scene.changes.at(-1)?.incident).toMatchObject({ severity: "critical", state: "acknowledged" });
  });

  test("is reopened by a new detection within the hour, and a later one opens another", async () => {
    const scene = await incidentScene();
    await scene.see(aDetection(client(1)));
    const id = scene.changes[0]!.incident.id;
    await scene.incidents.resolve(id, "alice");
    await scene.see(aDetection({ ...client(1), version: 2 }));
    expect(scene.told()).toEqual(["opened page identity", "resolved quiet"]);

    await scene.pass(50 * minute);
    await scene.see(aDetection({ ...client(2), firedAt: scene.clock.now(), lastSeen: scene.clock.now() }));
    expect(scene.told()).toEqual(["reopened page identity"]);
    expect(scene.changes.at(-1)?.incident).toMatchObject({ id, state: "open", reopened: 1, resolvedBy: undefined });

    await scene.incidents.resolve(id, "alice");
    await scene.pass(61 * minute);
    await scene.see(aDetection({ ...client(3), firedAt: scene.clock.now() }));
    expect(scene.told()).toEqual(["resolved quiet", "opened page identity"]);
    expect(scene.changes.at(-1)?.incident.id).not.toBe(id);
  });

  test("is shown and not paged when it was found in a backlog, and resolves once closed", async () => {
    const scene = await incidentScene();
    const old = scene.clock.now() - 6 * 60 * minute;
    const stale = { stale: true, firstSeen: old, firedAt: old, lastSeen: old };
    await scene.see(aDetection({ ...client(1), ...stale }));
    expect(scene.changes.at(-1)?.incident.quiet).toBe("stale");
    await scene.see(aDetection({ ...client(1), ...stale, version: 2, state: "closed" }));
    await scene.pass(1000);
    await scene.see(aDetection({ ...client(2), ...stale, state: "closed" }));
    expect(scene.told()).toEqual(["opened quiet", "updated quiet", "resolved quiet", "updated quiet"]);
    expect(scene.changes.at(-1)?.incident).toMatchObject({ state: "resolved", detectionCount: 2 });
  });

  test("found in a backlog after its incident was over, it begins again when it goes on now, and pages", async () => {
    const scene = await incidentScene();
    const old = scene.clock.now() - 6 * 60 * minute;
    const stale = { stale: true, firstSeen: old, firedAt: old, lastSeen: old };
    await scene.see(aDetection({ ...client(1), ...stale, state: "closed" }));
    await scene.pass(1000);
    await scene.see(aDetection({ ...client(2), ...stale }));
    expect(scene.changes.at(-1)?.incident).toMatchObject({ state: "resolved", detectionCount: 2 });
    await scene.see(aDetection({ ...client(2), ...stale, version: 2 }));
    await scene.see(aDetection({ ...client(2), version: 3 }));
    expect(scene.changes.at(-1)?.incident).toMatchObject({ state: "open", detectionCount: 2 });
    expect(scene.told().at(-1)).toBe("reopened page identity");
    await scene.see(aDetection({ ...client(2), version: 4 }));
    expect(scene.told().at(-1)).not.toContain("reopened");
  });

  test("pages as soon as a live detection joins one that was only shown", async () => {
    const scene = await incidentScene();
    await scene.see(aDetection({ ...client(1), mode: "dry-run" }));
    await scene.see(aDetection(client(2)));
    expect(scene.told()).toEqual(["opened quiet", "updated page identity"]);
  });

  test("takes everybody in who has no room of his own", async () => {
    const scene = await incidentScene({ runbooks: [aRunbook({ group: ["clientIp"] })] });
    await scene.see(...Array.from({ length: 600 }, (_, n) => aDetection({ ...client(n), key: { clientIp: `c${n}` } })));
    const open = await scene.incidents.list({ state: "live", limit: 1000 });
    expect(open).toHaveLength(501);
    expect(open.find((incident) => incident.detectionCount > 1)).toMatchObject({
      detectionCount: 100,
      group: { group: "all others" },
    });
  });

  test("resolves although its events came from a clock that runs ahead", async () => {
    const scene = await incidentScene();
    const lastSeen = scene.clock.now() + 24 * 60 * minute;
    await scene.see(aDetection({ lastSeen }), aDetection({ lastSeen, version: 2, state: "closed" }));
    await scene.pass(16 * minute);
    expect(scene.told()).toEqual(["opened page identity", "updated quiet", "resolved quiet"]);
  });

  test("is over when its detector was never heard of again", async () => {
    const scene = await incidentScene();
    await scene.see(aDetection(client(1)));
    await scene.clock.advance(25 * 60 * minute);
    await scene.incidents.tick();
    expect(scene.told()).toEqual(["opened page identity", "resolved quiet"]);
  });
});

describe("who is told", () => {
  test.for([
    ["the owner", { page: "owner" }, "identity", "identity"],
    ["the first team where nobody known owns it", { page: "owner" }, "nobody", "platform"],
    ["the first team where nobody owns it", { page: "owner" }, undefined, "platform"],
    ["the team that is named", { page: "platform" }, "identity", "platform"],
  ] as const)("%s", async ([, changes, owner, team]) => {
    const scene = await incidentScene({ runbooks: [aRunbook(changes)] });
    await scene.see(aDetection({ owner }));
    expect(scene.told()).toEqual([`opened page ${team}`]);
  });

  test("nobody, when the runbook names nobody", async () => {
    const scene = await incidentScene({ runbooks: [aRunbook({ page: undefined })] });
    await scene.see(aDetection());
    expect(scene.told()).toEqual(["opened quiet"]);
    expect(scene.changes[0]?.incident.quiet).toBe("not_paged");
  });
});

describe("the timeline", () => {
  test("tells what happened, once, in plain text", async () => {
    const scene = await incidentScene();
    await scene.see(aDetection({ ...client(1), summary: "line\u001b[31m one\n\u202edrow" }));
    const { id } = scene.changes[0]!.incident;
    await scene.pass(1000);
    await scene.incidents.addEvent(id, { kind: "paged", text: "Slack took it", cause: "delivery 1" });
    await scene.incidents.addEvent(id, { kind: "paged", text: "Slack took it", cause: "delivery 1" });
    await scene.pass(1000);
    await scene.incidents.acknowledge(id, "alice");
    await scene.pass(1000);
    await scene.incidents.resolve(id, "alice");
    const details = await scene.incidents.get(id);
    expect(details?.timeline.map(({ kind, by, text }) => `${by}: ${kind}: ${text}`)).toEqual([
      "gatewatch: opened: Opened: line [31m one drow",
      "gatewatch: paged: Slack took it",
      "alice: acknowledged: Acknowledged",
      "alice: resolved: Resolved by hand",
    ]);
    expect(details?.detections.map((detection) => detection.id)).toEqual([client(1).id]);
  });
});

describe("people's clicks", () => {
  test("an incident that is not there, or is over, can't be acknowledged", async () => {
    const scene = await incidentScene();
    expect(await scene.incidents.acknowledge("inc_0", "alice")).toEqual({ kind: "unknown" });
    await scene.see(aDetection());
    const { id } = scene.changes[0]!.incident;
    expect(await scene.incidents.acknowledge(id, "alice")).toMatchObject({ kind: "done" });
    expect(await scene.incidents.acknowledge(id, "bob")).toMatchObject({
      kind: "done",
      value: { acknowledgedBy: "alice" },
    });
    await scene.incidents.resolve(id, "bob");
    expect(await scene.incidents.acknowledge(id, "bob")).toEqual({
      kind: "refused",
      reason: "the incident is resolved",
    });
  });
});
