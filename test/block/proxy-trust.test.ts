import { describe, expect, test } from "vitest";
import { blockScene, quietTraffic } from "./block-scene.ts";

const client = "203.0.113.7";
const proxy = "198.51.100.1";
const reason = `92 % of all users come from ${proxy}`;
const targets = (...values: string[]) => values.map((value) => ({ scope: "ip" as const, value }));
const misplaced = quietTraffic({ proxyTrust: () => ({ address: proxy, reason }) });

describe("while most users seem to come from one address", () => {
  test("no address is blocked, and the timeline says why; users are", async () => {
    const scene = await blockScene({ facts: misplaced });
    await scene.see({ targets: [...targets(client), { scope: "user", value: "anna" }] });
    expect(scene.refuses(client)).toBe(false);
    expect(scene.saved(client)).toMatchObject({ state: "refused" });
    expect(scene.timeline[0]?.text).toContain(reason);
    expect(scene.saved("anna")).toMatchObject({ state: "active" });
  });

  test("an attack that goes on is blocked once it is mended", async () => {
    const scene = await blockScene({ facts: misplaced });
    await scene.see();
    scene.traffic.facts = quietTraffic();
    await scene.see({ version: 2 }, { kind: "updated" });
    expect(scene.refuses(client)).toBe(true);
  });

  test("whoever was blocked with that address is let in; others, and what a person blocked, stay blocked", async () => {
    const scene = await blockScene();
    await scene.see({ targets: [...targets(proxy, client), { scope: "range", value: "198.51.100.0/24" }] });
    const byHand = { scope: "range" as const, value: "198.51.100.0/28", action: "ban" as const };
    await scene.blocker.add({ ...byHand, forMs: 60_000, reason: "r", by: "alice" });
    await scene.blocker.letInBehind(proxy, reason);
    expect(scene.saved(proxy)).toMatchObject({ state: "lifted", liftedBy: "gatewatch", liftReason: reason });
    expect(scene.saved("198.51.100.0/24")).toMatchObject({ state: "lifted" });
    expect(scene.saved("198.51.100.0/28")).toMatchObject({ state: "active" });
    expect(scene.refuses(client)).toBe(true);
  });

  test("a /64 of IPv6 is let in as well; what is no address lets nobody in", async () => {
    const scene = await blockScene();
    await scene.see({ targets: targets("2001:db8::1", client) });
    expect(await scene.blocker.letInBehind("unknown", reason)).toEqual([]);
    await scene.blocker.letInBehind("2001:db8::/64", reason);
    expect(scene.refuses("2001:db8::1")).toBe(false);
    expect(scene.refuses(client)).toBe(true);
  });
});

describe("when other proxies are trusted", () => {
  const cloudflare = { network: "104.16.0.0/13", text: "104.16.0.0/13 (cloudflare)" };

  test("whoever is one of them is let in, and never blocked again", async () => {
    const scene = await blockScene();
    await scene.see({ targets: targets("104.17.0.9", client) });
    expect(scene.refuses("104.17.0.9")).toBe(true);
    await scene.blocker.trust({ proxies: [cloudflare], providers: [cloudflare] });
    expect(scene.refuses("104.17.0.9")).toBe(false);
    expect(scene.refuses(client)).toBe(true);
    await scene.see({ id: "det_b", targets: targets("104.17.0.9") });
    expect(scene.saved("104.17.0.9")).toMatchObject({ state: "refused" });
    expect(scene.timeline.at(-1)?.text).toContain("104.16.0.0/13 (cloudflare) is a proxy or gateway of ours");
    const byHand = { scope: "ip" as const, value: "104.17.0.9", action: "ban" as const };
    expect(await scene.blocker.add({ ...byHand, forMs: 1, reason: "r", by: "b" })).toMatchObject({ kind: "refused" });
  });

  test("a person is asked about addresses of a provider that is not one of them", async () => {
    const scene = await blockScene({ providers: [cloudflare] });
    await scene.see({ targets: targets("104.17.0.9") });
    expect(scene.saved("104.17.0.9")).toMatchObject({ state: "asked" });
    expect(scene.refuses("104.17.0.9")).toBe(false);
  });
});
