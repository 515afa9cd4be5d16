import { describe, expect, test } from "vitest";
import type { NewSilence } from "../../src/incident/silence.ts";
import { aDetection } from "../support/a-detection.ts";
import { aRunbook } from "../support/a-runbook.ts";
import { incidentScene, type IncidentScene } from "../support/incident-scene.ts";

const minute = 60_000;

async function silence(scene: IncidentScene, wish: Partial<NewSilence>) {
  const made = await scene.incidents.silences.create(
    { endsAt: scene.clock.now() + 10 * minute, reason: "load test", ...wish },
    "alice",
  );
  if (made.kind !== "done") throw new Error(JSON.stringify(made));
  return made.value;
}

describe("a silence", () => {
  test.for([
    ["of the runbook", { runbook: "credential-stuffing" }, true],
    ["of the detector", { detector: "credential-stuffing" }, true],
    ["of the team", { team: "identity" }, true],
    ["of the key", { key: { clientIp: "203.0.113.7" } }, true],
    ["of another runbook", { runbook: "country-surge" }, false],
    ["of another key", { key: { clientIp: "203.0.113.8" } }, false],
    ["of the runbook and another team", { runbook: "credential-stuffing", team: "platform" }, false],
  ] as const)("%s", async ([, wish, isQuiet]) => {
    const scene = await incidentScene();
    const { id } = await silence(scene, wish);
    await scene.see(aDetection());
    expect(scene.told()).toEqual([isQuiet ? "opened quiet" : "opened page identity"]);
    expect(scene.changes[0]?.incident.quiet).toBe(isQuiet ? `silenced:${id}` : undefined);
  });

  test("that ends while the incident is open lets it page then", async () => {
    const scene = await incidentScene();
    await silence(scene, { runbook: "credential-stuffing" });
    await scene.see(aDetection());
    await scene.pass(9 * minute);
    expect(scene.told()).toEqual(["opened quiet"]);
    await scene.pass(2 * minute);
    expect(scene.told()).toEqual(["updated page identity"]);
  });

  test("that is ended by hand lets it page at once, unless somebody has seen it", async () => {
    const scene = await incidentScene({ runbooks: [aRunbook({ group: ["clientIp"] })] });
    const { id } = await silence(scene, { runbook: "credential-stuffing" });
    await scene.see(aDetection(), aDetection({ id: "det_0000000000000002", key: { clientIp: "203.0.113.8" } }));
    await scene.incidents.acknowledge(scene.changes[0]!.incident.id, "bob");
    scene.told();
    await scene.incidents.silences.end(id, "bob");
    expect(scene.told()).toEqual(["updated quiet", "updated page identity"]);
    expect(await scene.incidents.silences.list()).toEqual([]);
  });

  test("of one key does not hide another client in the same incident", async () => {
    const scene = await incidentScene();
    await silence(scene, { key: { clientIp: "203.0.113.7" } });
    await scene.see(aDetection());
    await scene.see(aDetection({ id: "det_0000000000000002", key: { clientIp: "203.0.113.8" } }));
    expect(scene.told()).toEqual(["opened quiet", "updated page identity"]);
  });

  test("holds over a restart", async () => {
    const scene = await incidentScene();
    const { id } = await silence(scene, { key: { clientIp: "203.0.113.7" } });
    await scene.see(aDetection());
    const again = await scene.restart();
    await again.pass(9 * minute);
    expect(again.told()).toEqual([]);
    expect((await again.incidents.silences.list()).map((silence) => silence.id)).toEqual([id]);
    await again.pass(2 * minute);
    expect(again.told()).toEqual(["updated page identity"]);
  });

  test.for([
    ["of everything", {}, "at least one of"],
    ["without a reason", { team: "identity", reason: " " }, "reason"],
    ["that is over", { team: "identity", endsAt: 5 }, "has passed"],
    ["without end", { team: "identity", endsAt: Date.parse("2031-01-01") }, "at most 30 days"],
  ] as const)("%s is refused", async ([, wish, reason]) => {
    const scene = await incidentScene();
    const endsAt = scene.clock.now() + minute;
    const result = await scene.incidents.silences.create({ endsAt, reason: "load test", ...wish }, "alice");
    expect(result).toMatchObject({ kind: "refused", reason: expect.stringContaining(reason) as string });
  });

  test("that is unknown can't be ended", async () => {
    const scene = await incidentScene();
    expect(await scene.incidents.silences.end("sil_0", "alice")).toEqual({ kind: "unknown" });
  });
});

describe("an inhibiting incident", () => {
  const runbooks = [
    aRunbook({ inhibits: ["rate-limit-burst"] }),
    aRunbook({ id: "rate-limit-burst", group: ["endpointClass", "actor"] }),
  ];
  const burst = (changes = {}) =>
    aDetection({
      id: "det_b",
      detector: "rate-limit-burst",
      key: { actor: "client:203.0.113.9" },
      targets: [],
      ...changes,
    });

  test("keeps quiet what concerns the same, until it resolves", async () => {
    const scene = await incidentScene({ runbooks });
    await scene.see(aDetection());
    await scene.see(burst());
    expect(scene.told()).toEqual(["opened page identity", "opened quiet"]);
    expect(scene.changes.at(-1)?.incident.quiet).toBe(`inhibited:${scene.changes[0]?.incident.id}`);
    await scene.incidents.resolve(scene.changes[0]!.incident.id, "alice");
    expect(scene.told()).toEqual(["resolved quiet", "updated page identity"]);
  });

  test.for([
    ["another endpoint class", { endpointClass: "search" }, "opened page identity"],
    ["another class, and the same target", { endpointClass: "search", targets: aDetection().targets }, "opened quiet"],
  ] as const)("and %s", async ([, changes, told]) => {
    const scene = await incidentScene({ runbooks });
    await scene.see(aDetection());
    scene.told();
    await scene.see(burst(changes));
    expect(scene.told()).toEqual([told]);
  });

  test("that comes second keeps the first one quiet from then on", async () => {
    const scene = await incidentScene({ runbooks });
    await scene.see(burst());
    await scene.see(aDetection());
    expect(scene.told()).toEqual(["opened page identity", "opened page identity", "updated quiet"]);
    await scene.see(burst({ version: 2, severity: "critical" }));
    expect(scene.told()).toEqual(["updated quiet"]);
  });

  test("two that inhibit each other don't silence both", async () => {
    const mutual = [
      aRunbook({ inhibits: ["rate-limit-burst"] }),
      aRunbook({ id: "rate-limit-burst", inhibits: ["credential-stuffing"] }),
    ];
    const scene = await incidentScene({ runbooks: mutual });
    await scene.see(aDetection(), burst());
    await scene.pass(5000);
    expect(scene.told()).toEqual(["opened page identity", "opened quiet"]);
  });

  test("out of a backlog inhibits nothing", async () => {
    const scene = await incidentScene({ runbooks });
    await scene.see(aDetection({ stale: true }), burst());
    expect(scene.told()).toEqual(["opened quiet", "opened page identity"]);
  });
});
