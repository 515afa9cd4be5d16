import { describe, expect, test } from "vitest";
import { detectionRow } from "../../src/store/detection-row.ts";
import { aDetection } from "../support/a-detection.ts";
import { blockScene, config, quietTraffic } from "./block-scene.ts";

const minute = 60_000;
const client = "203.0.113.7";
const targets = (...values: string[]) => values.map((value) => ({ scope: "ip" as const, value }));

describe("an attack", () => {
  test("is blocked once it is saved, and the timeline says so", async () => {
    const scene = await blockScene();
    await scene.see();
    expect(scene.refuses(client)).toBe(true);
    expect(scene.refuses("198.51.100.1")).toBe(false);
    expect(scene.saved()).toMatchObject({
      id: 1, action: "ban", scope: "ip", state: "active", origin: "runbook", dryRun: false, repeat: 0,
      incident: "inc_0000000000000001", detection: "det_0000000000000001", runbook: "credential-stuffing",
    }); // prettier-ignore
    expect(scene.timeline).toMatchObject([
      {
        kind: "decision",
        by: "gatewatch",
        text: "Decided: ban of ip 203.0.113.7 for 15m, with high confidence, 3 times the detector's floor",
      },
    ]);
  });

  test("is not blocked when the decision can't be saved", async () => {
    const scene = await blockScene();
    scene.store.failSaves(new Error("the disk is full"));
    await expect(scene.see()).rejects.toThrow("the disk is full");
    expect(scene.refuses(client)).toBe(false);
  });

  test("by an IPv6 client is blocked by its /64", async () => {
    const scene = await blockScene();
    await scene.see({ targets: targets("2001:db8::/64") });
    expect(scene.refuses("2001:db8::77")).toBe(true);
    expect(scene.saved("2001:db8::/64")).toMatchObject({ scope: "range" });
  });

  test.for([
    ["the runbook blocks nobody", {}, { block: "none" as const }],
    ["the detection names nobody", { targets: [] }, {}],
    ["the target can't be read", { targets: targets("nobody") }, {}],
    ["the episode is over", { state: "closed" as const }, {}],
    ["gatewatch reports on itself", { origin: "service" as const }, {}],
    ["the incident is resolved", {}, { kind: "resolved" as const }],
    ["somebody acknowledged it", {}, { kind: "acknowledged" as const }],
  ] as const)("nobody is blocked when %s", async ([, detection, more]) => {
    const scene = await blockScene();
    await scene.see(detection, more);
    expect(scene.store.rows("decisions")).toEqual([]);
  });

  test("runs out by itself, resolved incident or not", async () => {
    const scene = await blockScene();
    await scene.see();
    await scene.see({ state: "closed" }, { kind: "resolved" });
    await scene.clock.advance(15 * minute - 1);
    expect(scene.refuses(client)).toBe(true);
    await scene.clock.advance(1001);
    expect(scene.refuses(client)).toBe(false);
    expect(scene.saved()).toMatchObject({ state: "expired" });
  });

  test("that turns out unconfirmed is let in again", async () => {
    const scene = await blockScene();
    await scene.see();
    await scene.see({ state: "unconfirmed", version: 2 }, { kind: "updated" });
    expect(scene.refuses(client)).toBe(false);
    expect(scene.timeline.at(-1)).toMatchObject({ kind: "decision_lifted", by: "gatewatch" });
  });

  test("keeps its block when the sealed detection takes the eager one's place", async () => {
    const scene = await blockScene();
    await scene.see();
    await scene.see({ id: "det_sealed", supersedes: "det_0000000000000001", sealed: true }, { kind: "updated" });
    await scene.see({ state: "unconfirmed" }, { kind: "updated" });
    expect(scene.refuses(client)).toBe(true);
    expect(scene.saved()).toMatchObject({ detection: "det_sealed", id: 1 });
  });
});

describe("a target that a person is asked about", () => {
  test("is asked about for the sealed detection when it takes the eager one's place", async () => {
    const scene = await blockScene();
    const unsure = { confidence: "low", strength: 1 } as const;
    await scene.see(unsure);
    await scene.see({ ...unsure, id: "det_sealed", supersedes: "det_0000000000000001" }, { kind: "updated" });
    expect(scene.saved()).toMatchObject({ state: "asked", detection: "det_sealed", id: 1 });
  });
});

describe("an attack that goes on", () => {
  test("is one decision that lasts on, not one for each update", async () => {
    const scene = await blockScene();
    for (let i = 0; i < 20; i++) {
      await scene.see({ version: i }, { kind: i === 0 ? "opened" : "updated" });
      await scene.clock.advance(minute);
    }
    expect(scene.blocker.list()).toHaveLength(1);
    expect(scene.saved()).toMatchObject({ state: "active", repeat: 0 });
    expect(scene.saved()?.until).toBeGreaterThan(scene.clock.now() + 7 * minute);
    expect(scene.timeline.map(({ kind }) => kind)).toEqual(["decision", "decision", "decision"]);
  });

  test("told twice, by a replay or after a restart, is one decision", async () => {
    const scene = await blockScene();
    const lastSeen = scene.clock.now();
    await scene.see({ lastSeen });
    await scene.see({ lastSeen });
    const again = await scene.restart();
    await again.see({ lastSeen });
    expect(again.store.rows("decisions")).toHaveLength(1);
    const later = await again.restart(16 * minute);
    await later.see({ lastSeen });
    expect(later.refuses(client)).toBe(false);
  });

  test("after a short block ran out is blocked again", async () => {
    const scene = await blockScene();
    await scene.see({}, { block: { forMs: minute } });
    await scene.clock.advance(minute + 1000);
    expect(scene.refuses(client)).toBe(false);
    await scene.see({ firstSeen: scene.clock.now() - 5 * minute }, { kind: "updated", block: { forMs: minute } });
    expect(scene.refuses(client)).toBe(true);
    expect(scene.saved()).toMatchObject({ id: 2, repeat: 0 });
  });

  test("a second detector on the same client adds nothing", async () => {
    const scene = await blockScene();
    await scene.see();
    await scene.see(
      { id: "det_other", detector: "rate-limit-burst" },
      { incident: "inc_other", block: { action: "throttle" } },
    );
    expect(scene.blocker.list()).toHaveLength(1);
  });

  test.for([
    ["is made to last on by another detector the guard lets through", {}, true],
    ["is not by one it would ask a person about", { coverage: "reduced" }, false],
    ["is not by one it would refuse", { clientIpCertain: false }, false],
  ] as const)("a block %s", async ([, doubt, longer]) => {
    const scene = await blockScene();
    await scene.see();
    await scene.clock.advance(10 * minute);
    await scene.see({ id: "det_other", ...doubt }, { incident: "inc_other" });
    expect(scene.blocker.list()).toHaveLength(1);
    await scene.clock.advance(6 * minute);
    expect(scene.refuses(client)).toBe(longer);
  });

  test("a harder answer comes on top of a softer one", async () => {
    const scene = await blockScene();
    await scene.see({}, { block: { action: "throttle" } });
    await scene.see({ id: "det_other" });
    expect(scene.blocker.list().map(({ action }) => action)).toEqual(["ban", "throttle"]);
  });
});

describe("an attacker who comes back within a day", () => {
  test("stays out four times longer each time", async () => {
    let scene = await blockScene();
    const lengths: number[] = [];
    for (const id of ["det_a", "det_b", "det_c"]) {
      await scene.see({ id });
      const length = (scene.saved()?.until ?? 0) - scene.clock.now();
      lengths.push(length / minute);
      scene = await scene.restart(length + minute);
    }
    expect(lengths).toEqual([15, 60, 240]);
    expect(scene.saved()).toMatchObject({ repeat: 2, state: "expired" });
  });

  test("stays out no longer than the runbook's longest", async () => {
    const scene = await blockScene();
    const block = { repeat: { factor: 4, maxMs: 20 * minute } };
    await scene.see({ id: "det_a" }, { block });
    const later = await scene.restart(16 * minute);
    await later.see({ id: "det_b" }, { block });
    expect(later.saved()?.until).toBe(later.clock.now() + 20 * minute);
  });

  test("events under a decision are no repeat", async () => {
    const scene = await blockScene();
    await scene.see({ id: "det_a" });
    const later = await scene.restart(16 * minute);
    await later.see({ id: "det_b", firstSeen: later.clock.now() - 5 * minute });
    expect(later.saved()).toMatchObject({ id: 2, repeat: 0 });
  });

  test("neither are dry runs, nor what a person lifted", async () => {
    const scene = await blockScene({ config: config({ mode: "observe" }) });
    await scene.see({ id: "det_a" });
    const later = await scene.restart(16 * minute);
    await later.blocker.update(config());
    await later.see({ id: "det_b" });
    await later.blocker.lift(client, "alice", "our own scanner");
    const last = await later.restart(61 * minute);
    await last.blocker.update(config());
    await last.see({ id: "det_c" });
    expect(last.saved()).toMatchObject({ id: 3, repeat: 0, state: "active" });
  });

  test("is a newcomer after a day", async () => {
    const scene = await blockScene();
    await scene.see({ id: "det_a" });
    const later = await scene.restart(24 * 60 * minute + 1);
    await later.see({ id: "det_b" });
    expect(later.saved()).toMatchObject({ repeat: 0 });
  });
});

describe("what the guard says", () => {
  test("a refusal is saved, served to nobody, and on the timeline with its reason, once", async () => {
    const scene = await blockScene();
    await scene.see({ clientIpCertain: false });
    await scene.see({ clientIpCertain: false, version: 2 }, { kind: "updated" });
    expect(scene.refuses(client)).toBe(false);
    expect(scene.saved()).toMatchObject({ state: "refused", version: 1 });
    expect(scene.timeline).toMatchObject([
      {
        kind: "decision_refused",
        text: "No ban of ip 203.0.113.7: the client's address is only guessed and could be forged",
      },
    ]);
  });

  test("a refusal is taken back when its reason is gone", async () => {
    const scene = await blockScene({
      facts: quietTraffic({ loginFailedShare: () => ({ now: 0.7, before: 0.05, attempts: 900 }) }),
    });
    await scene.see();
    expect(scene.saved()).toMatchObject({ state: "refused" });
    scene.traffic.facts = quietTraffic();
    await scene.see({ version: 2 }, { kind: "updated" });
    expect(scene.saved()).toMatchObject({ id: 1, version: 2, state: "active" });
    expect(scene.refuses(client)).toBe(true);
  });

  test("where a fact is missing a person is asked, and may confirm", async () => {
    const scene = await blockScene({ facts: quietTraffic({ successfulUsers: () => undefined }) });
    await scene.see();
    expect(scene.refuses(client)).toBe(false);
    expect(scene.saved()).toMatchObject({ state: "asked" });
    await scene.clock.advance(5 * minute);
    expect(await scene.blocker.confirm(1, "alice")).toMatchObject({ kind: "done", value: { state: "active" } });
    expect(scene.refuses(client)).toBe(true);
    expect(scene.saved()?.until).toBe(scene.clock.now() + 15 * minute);
    expect(scene.timeline.at(-1)).toMatchObject({ by: "alice", text: "Confirmed: ban of ip 203.0.113.7" });
    expect(await scene.blocker.confirm(1, "alice")).toMatchObject({ kind: "refused" });
    expect(await scene.blocker.confirm(99, "alice")).toEqual({ kind: "unknown" });
  });

  test("or the runbook's softer action is taken", async () => {
    const scene = await blockScene({ facts: quietTraffic({ successfulUsers: () => 40 }) });
    await scene.see({}, { block: { softer: "throttle" } });
    await scene.see({ version: 2 }, { kind: "updated", block: { softer: "throttle" } });
    expect(scene.blocker.list()).toMatchObject([{ action: "throttle", state: "active" }]);
    expect(scene.timeline[0]?.text).toContain("softer because about 40 users signed in");
  });

  test("no more than twenty of few clients, and sixty decisions a minute, go without a person", async () => {
    const scene = await blockScene({ facts: quietTraffic({ activeClients: () => 100 }) });
    await scene.see({ targets: targets(...Array.from({ length: 25 }, (_, i) => `198.51.100.${i + 1}`)) });
    expect(scene.blocker.list({ state: "active" })).toHaveLength(20);
    expect(scene.blocker.list({ state: "asked" })).toHaveLength(5);
    scene.traffic.facts = quietTraffic({ activeClients: () => 1_000_000 });
    await scene.see({ id: "det_b", targets: targets(...Array.from({ length: 60 }, (_, i) => `203.0.113.${i + 1}`)) });
    expect(scene.blocker.list({ state: "active" })).toHaveLength(60);
    expect(scene.blocker.status()).toMatchObject({ active: 60, asked: 25 });
  });

  test("a wave of blocks is lifted when checkouts drop after it, and nobody is blocked alone for a while", async () => {
    const scene = await blockScene();
    await scene.see({ targets: targets(...Array.from({ length: 12 }, (_, i) => `198.51.100.${i + 1}`)) });
    scene.traffic.facts = quietTraffic({ checkoutRate: () => ({ now: 20, before: 50 }) });
    await scene.clock.advance(10_000);
    expect(scene.refuses("198.51.100.1")).toBe(false);
    expect(scene.blocker.list({ state: "lifted" })).toHaveLength(12);
    expect(scene.timeline.at(-1)?.text).toContain("checkouts dropped from 50.0 to 20.0 a minute after 12 blocks");
    await scene.see({ id: "det_b" });
    expect(scene.saved()).toMatchObject({ state: "asked" });
  });

  test("a few blocks are not lifted for a drop they can't have caused", async () => {
    const scene = await blockScene();
    await scene.see();
    scene.traffic.facts = quietTraffic({ checkoutRate: () => ({ now: 0, before: 50 }) });
    await scene.clock.advance(minute);
    expect(scene.refuses(client)).toBe(true);
  });
});

describe("observing", () => {
  test("decisions are saved and listed with whom they would have hit, and served to nobody", async () => {
    const scene = await blockScene({ config: config({ mode: "observe" }) });
    await scene.see();
    scene.blocker.seen({
      clientKey: client,
      userId: "alice",
      outcome: "ok",
      origin: "gateway",
      attempt: true,
      endpointClass: "payment",
    });
    expect(scene.refuses(client)).toBe(false);
    expect(scene.blocker.list()).toMatchObject([
      { state: "active", dryRun: true, wouldHaveHit: { requests: 1, succeeded: 1, users: ["alice"] } },
    ]);
    expect(scene.timeline[0]?.text).toContain("dry run by service");
  });

  test("an attack that goes on is blocked once the configuration says enforce", async () => {
    const scene = await blockScene({ config: config({ mode: "observe" }) });
    await scene.see();
    await scene.blocker.update(config());
    expect(scene.refuses(client)).toBe(false);
    await scene.see({ version: 2 }, { kind: "updated" });
    expect(scene.refuses(client)).toBe(true);
    await scene.blocker.update(config({ mode: "observe" }));
    expect(scene.refuses(client)).toBe(false);
  });
});

describe("after a restart", () => {
  test("what held holds, what ran out has ended, ids go on", async () => {
    const first = await blockScene();
    await first.see();
    await first.see({ id: "det_b", targets: targets("198.51.100.1") }, { block: { forMs: minute } });
    await first.blocker.stop();
    await first.clock.advance(2 * minute);
    const second = await first.restart();
    expect(second.refuses(client)).toBe(true);
    expect(second.refuses("198.51.100.1")).toBe(false);
    expect(second.saved("198.51.100.1")).toMatchObject({ state: "expired" });
    await second.see({ id: "det_c", targets: targets("198.51.100.2") });
    expect(second.saved("198.51.100.2")).toMatchObject({ id: 3 });
  });

  test("the logins of those who were blocked just before are still no outage", async () => {
    const scene = await blockScene({
      facts: quietTraffic({ loginFailedShare: () => ({ now: 0.7, before: 0.05, attempts: 300 }) }),
    });
    const attack = aDetection({
      id: "det_b",
      counters: { attempts: 200, failures: 200 },
      targets: targets("198.51.100.1"),
    });
    await scene.store.save([detectionRow(attack)]);
    await scene.see(attack);
    const again = await scene.restart();
    await again.see({ id: "det_c", counters: { attempts: 10, failures: 10 }, targets: targets("198.51.100.2") });
    expect(again.saved("198.51.100.2")).toMatchObject({ state: "active" });
  });

  test("ids go on even when all decisions are older than a day", async () => {
    const scene = await blockScene();
    scene.store.answer(() => [{ number: "500" }]);
    const again = await scene.restart();
    await again.see();
    expect(again.saved()).toMatchObject({ id: 501 });
  });
});
