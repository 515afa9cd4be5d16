import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { NewDecision } from "../../src/block/manual-decisions.ts";
import { blockScene, config } from "./block-scene.ts";

const minute = 60_000;
const client = "203.0.113.7";
const byHand = (changes: Partial<NewDecision> = {}): NewDecision => ({
  scope: "ip",
  value: client,
  action: "ban",
  forMs: minute,
  reason: "scraper",
  by: "alice",
  ...changes,
});

describe("letting in", () => {
  test.for([
    ["by id", 1],
    ["by reference", "uuid-1"],
    ["by address", client],
    ["by another way to write it", `::ffff:${client}`],
  ] as const)("%s", async ([, which]) => {
    const scene = await blockScene({ uuid: () => "uuid-1" });
    await scene.see();
    const lifted = await scene.blocker.lift(which, "alice", "a customer");
    expect(lifted).toMatchObject([{ id: 1, state: "lifted", liftedBy: "alice", liftReason: "a customer" }]);
    expect(scene.refuses(client)).toBe(false);
    expect(scene.saved()).toMatchObject({ state: "lifted", version: 2 });
    expect(scene.timeline.at(-1)).toMatchObject({ kind: "decision_lifted", by: "alice" });
    expect(await scene.blocker.lift(which, "alice", "again")).toEqual([]);
  });

  test("holds against the same attack, and against a new one for an hour", async () => {
    const scene = await blockScene();
    await scene.see();
    await scene.blocker.lift(client, "alice", "a customer");
    await scene.clock.advance(minute);
    await scene.see({ version: 2 }, { kind: "updated" });
    await scene.see({ id: "det_b" });
    expect(scene.refuses(client)).toBe(false);
    expect(scene.blocker.list({ state: "asked" })).toHaveLength(1);
  });

  test("whoever is put on the allow list is let in at once", async () => {
    const scene = await blockScene();
    await scene.see();
    await scene.blocker.update(config({ allow: { addresses: ["203.0.113.0/24"] } }));
    expect(scene.refuses(client)).toBe(false);
    expect(scene.saved()).toMatchObject({ state: "lifted", liftedBy: "gatewatch" });
  });
});

describe("blocking by hand", () => {
  test("stands at once, and for as long as was asked", async () => {
    const scene = await blockScene();
    expect(await scene.blocker.add(byHand())).toMatchObject({
      kind: "done",
      value: { origin: "manual", state: "active" },
    });
    expect(scene.refuses(client)).toBe(true);
    await scene.clock.advance(minute);
    expect(scene.refuses(client)).toBe(false);
  });

  test("is a dry run while gatewatch only observes", async () => {
    const scene = await blockScene({ config: config({ mode: "observe" }) });
    expect(await scene.blocker.add(byHand())).toMatchObject({ value: { dryRun: true } });
    expect(scene.refuses(client)).toBe(false);
  });

  test("is not made longer by a detection", async () => {
    const scene = await blockScene();
    await scene.blocker.add(byHand());
    await scene.clock.advance(minute - 1000);
    await scene.see();
    expect(scene.blocker.list()).toHaveLength(1);
    expect(scene.saved()).toMatchObject({ version: 1 });
  });

  test.for([
    ["what is no address", { value: "everyone" }, "not of this form"],
    ["loopback", { value: "127.0.0.1" }, "loopback"],
    ["a private network", { scope: "range", value: "10.1.0.0/16" }, "private"],
    ["our own proxy", { value: "192.0.2.3" }, "proxy or gateway of ours"],
    ["an allow-listed address", { value: "198.51.100.9" }, "allow-listed"],
    ["a range with an allow-listed address in it", { scope: "range", value: "198.51.100.0/24" }, "allow-listed"],
    ["half the internet", { scope: "range", value: "128.0.0.0/2" }, "not clients on the internet"],
    ["a /7", { scope: "range", value: "2.0.0.0/7" }, "wider than /8"],
    ["forever", { forMs: 367 * 24 * 60 * minute }, "366 days"],
    ["for no time", { forMs: 0 }, "366 days"],
  ] as const)("refuses %s", async ([, changes, reason]) => {
    const scene = await blockScene({ config: config({ allow: { addresses: ["198.51.100.9"] } }) });
    const result = await scene.blocker.add(byHand(changes));
    expect(result).toMatchObject({ kind: "refused", reason: expect.stringContaining(reason) });
    expect(scene.store.rows("decisions")).toEqual([]);
  });
});

describe("stop-blocking", () => {
  test("lets everyone in within a second of the file's appearance, and back again", async () => {
    const scene = await blockScene();
    await scene.see();
    writeFileSync(scene.stopFile, "");
    await scene.clock.advance(1000);
    expect(scene.refuses(client)).toBe(false);
    expect(scene.blocker.status()).toMatchObject({ stopped: true, active: 1 });
    rmSync(scene.stopFile);
    await scene.clock.advance(1000);
    expect(scene.refuses(client)).toBe(true);
  });

  test("by command: writes the file, with who and when", async () => {
    const scene = await blockScene();
    await scene.see();
    scene.blocker.stopBlocking("alice");
    expect(scene.refuses(client)).toBe(false);
    expect(readFileSync(scene.stopFile, "utf8")).toContain("stopped by alice at 2026-08-22T09:00:00.000Z");
    scene.blocker.resumeBlocking();
    expect(existsSync(scene.stopFile)).toBe(false);
    expect(scene.refuses(client)).toBe(true);
  });

  test("holds over a restart, and while the store is away", async () => {
    const scene = await blockScene();
    await scene.see();
    scene.blocker.stopBlocking("alice");
    const again = await scene.restart();
    again.store.failSaves(new Error("away"));
    expect(again.refuses(client)).toBe(false);
    rmSync(again.stopFile);
    await again.clock.advance(1000);
    expect(again.refuses(client)).toBe(true);
    writeFileSync(again.stopFile, "");
    await again.clock.advance(1000);
    expect(again.refuses(client)).toBe(false);
  });
});

describe("why", () => {
  test("an address: every decision, past and present, and every rule that spoke", async () => {
    const scene = await blockScene();
    await scene.see();
    await scene.blocker.lift(client, "alice", "a customer");
    await scene.blocker.add(byHand({ scope: "range", value: "203.0.113.0/24" }));
    const why = await scene.blocker.why(client);
    expect(why.decisions.map(({ value, state }) => [value, state])).toEqual([
      ["203.0.113.0/24", "active"],
      [client, "lifted"],
    ]);
    const text = why.lines.join("\n");
    expect(text).toContain("ban of range 203.0.113.0/24");
    expect(text).toContain("by hand (scraper)");
    expect(text).toContain("lifted by alice (a customer)");
    expect(text).toContain("by runbook credential-stuffing, inc_0000000000000001, det_0000000000000001");
    expect(why.verdicts).toHaveLength(1);
  });

  test("a reference, and all that the guard said", async () => {
    const scene = await blockScene({ uuid: () => "uuid-1" });
    await scene.see({ clientIpCertain: false });
    const why = await scene.blocker.why("uuid-1");
    expect(why.decisions).toMatchObject([{ id: 1, state: "refused" }]);
    expect(why.lines).toContain(
      "Rule certain-client said no: the client's address is only guessed and could be forged.",
    );
    expect(why.lines.filter((line) => line.startsWith("Rule "))).toHaveLength(16);
  });

  test.for([
    ["nothing known", "198.51.100.1", "There was no decision about it."],
    ["a private address", "10.0.0.1", "It is private (10.0.0.0/8), and never blocked."],
    ["a proxy", "192.0.2.3", "It is a proxy or gateway of ours (192.0.2.0/28), and never blocked."],
    ["an allow-listed user", "health-check", "It is allow-listed by health-check."],
  ] as const)("%s", async ([, subject, line]) => {
    const scene = await blockScene({ config: config({ allow: { users: ["health-check"] } }) });
    expect((await scene.blocker.why(subject)).lines).toContain(line);
  });

  test("says when nobody is blocked at all", async () => {
    const scene = await blockScene({ config: config({ mode: "observe" }) });
    expect((await scene.blocker.why(client)).lines[0]).toContain("only observes");
    scene.blocker.stopBlocking("alice");
    expect((await scene.blocker.why(client)).lines[0]).toContain("everyone is let in");
  });
});
