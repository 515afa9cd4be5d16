import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contains, formatNetwork, parseAddress, parseNetwork } from "../../src/block/address.ts";
import type { Decision } from "../../src/block/decision.ts";
import { DecisionLedger, type LedgerChange, type SeenEvent } from "../../src/block/ledger.ts";
import { isHarder } from "../../src/block/target-index.ts";
import { canonicalTarget } from "../../src/block/target.ts";
import { TestClock } from "../support/test-clock.ts";
import { aDecision } from "./a-decision.ts";

const minute = 60_000;

function scene() {
  const clock = new TestClock();
  const ledger = new DecisionLedger({ clock });
  const told: LedgerChange[] = [];
  ledger.onChange((change) => told.push(change));
  return { clock, ledger, told };
}

const lift = (decision: Decision, at: number): Decision => ({
  ...decision,
  version: decision.version + 1,
  state: "lifted",
  liftedBy: "alice",
  liftedAt: at,
});

describe("who is found", () => {
  const cases: [name: string, changes: Partial<Decision>, requester: object, found: boolean][] = [
    ["an address", {}, { clientIp: "203.0.113.7" }, true],
    ["an address written as IPv4-mapped", {}, { clientIp: "::ffff:203.0.113.7" }, true],
    ["another address", {}, { clientIp: "203.0.113.8" }, false],
    ["an address in a banned range", { scope: "range", value: "203.0.113.0/24" }, { clientIp: "203.0.113.200" }, true],
    [
      "an address beside a banned range",
      { scope: "range", value: "203.0.113.0/24" },
      { clientIp: "203.0.112.9" },
      false,
    ],
    ["any address of a banned /64", { scope: "range", value: "2001:db8::/64" }, { clientIp: "2001:db8::77:1" }, true],
    ["the /64 beside it", { scope: "range", value: "2001:db8::/64" }, { clientIp: "2001:db8:0:1::1" }, false],
    ["a user", { scope: "user", value: "alice" }, { userId: "alice", clientIp: "198.51.100.1" }, true],
    ["a key, not a user of the same name", { scope: "apiKey", value: "alice" }, { userId: "alice" }, false],
    ["a session", { scope: "session", value: "s1" }, { sessionId: "s1" }, true],
    ["a country", { scope: "country", value: "AQ" }, { country: "AQ" }, true],
    ["a network by number", { scope: "as", value: "64500" }, { asn: 64500 }, true],
    ["nobody by a broken address", {}, { clientIp: "203.0.113" }, false],
    ["nobody for a dry run", { dryRun: true }, { clientIp: "203.0.113.7" }, false],
    ["nobody for one that waits for a person", { state: "asked" }, { clientIp: "203.0.113.7" }, false],
  ];
  test.for(cases)("%s", ([, changes, requester, found]) => {
    const { ledger } = scene();
    ledger.put(aDecision(changes));
    expect(ledger.matching(requester) !== undefined).toBe(found);
  });

  test("the hardest decision, then the one that lasts longest", () => {
    const { ledger, clock } = scene();
    const until = (ms: number) => clock.now() + ms;
    const long = aDecision({ until: until(9 * minute) });
    ledger.put(
      aDecision({ action: "throttle", until: until(60 * minute) }),
      aDecision({ action: "captcha", scope: "user", value: "alice", until: until(60 * minute) }),
      aDecision({ until: until(5 * minute) }),
      long,
    );
    expect(ledger.matching({ clientIp: "203.0.113.7", userId: "alice" })).toBe(long);
  });

  test("lookups equal those of a plain list", async () => {
    const prefix = fc.constantFrom(8, 16, 20, 24, 31, 32);
    const ipv4 = fc.tuple(fc.constantFrom(9, 11), fc.nat(3), fc.nat(3), fc.nat(3)).map((bytes) => bytes.join("."));
    const ipv6 = fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2)).map(([a, b, c]) => `2a0${a}:${b}:0:${c}::${a + 1}`);
    const target = fc.oneof(
      fc.tuple(ipv4, prefix).map(([ip, length]) => ({ scope: "range" as const, value: `${ip}/${length}` })),
      fc
        .tuple(ipv6, fc.constantFrom(16, 32, 48, 64, 128))
        .map(([ip, length]) => ({ scope: "range" as const, value: `${ip}/${length}` })),
      fc.constantFrom("a", "b").map((value) => ({ scope: "user" as const, value })),
    );
    const action = fc.constantFrom("ban" as const, "captcha" as const, "throttle" as const);
    const step = fc.record({
      target,
      action,
      minutes: fc.integer({ min: 1, max: 30 }),
      dryRun: fc.boolean(),
      liftOne: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.array(fc.oneof(ipv4, ipv6), { minLength: 1 }),
        async (steps, asking) => {
          const { ledger, clock } = scene();
          const list: Decision[] = [];
          for (const { target, action, minutes, dryRun, liftOne } of steps) {
            const decision = aDecision({
              ...canonicalTarget(target),
              action,
              dryRun,
              until: clock.now() + minutes * minute,
            });
            list.push(decision);
            ledger.put(decision);
            const first = list[0];
            if (liftOne && first) ledger.put(lift(first, clock.now()));
            if (liftOne) list.shift();
          }
          await clock.advance(10 * minute);
          for (const clientIp of asking) {
            const expected = list
              .filter((held) => !held.dryRun && held.until > clock.now() && naivelyHits(held, clientIp, "a"))
              .sort((a, b) =>
                isHarder(a.action, b.action) ? -1 : isHarder(b.action, a.action) ? 1 : b.until - a.until,
              )[0];
            const found = ledger.matching({ clientIp, userId: "a" });
            expect([found?.action, found?.until]).toEqual([expected?.action, expected?.until]);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("what becomes of a decision", () => {
  test("it runs out on time, even before the sweep", async () => {
    const { ledger, clock, told } = scene();
    const decision = aDecision({ until: clock.now() + minute });
    ledger.put(decision);
    await clock.advance(minute);
    expect(ledger.matching({ clientIp: decision.value })).toBeUndefined();
    expect(ledger.expire()).toMatchObject([{ uuid: decision.uuid, state: "expired", version: 2 }]);
    expect(ledger.expire()).toEqual([]);
    expect(told.at(-1)).toMatchObject({ added: [], ended: [{ uuid: decision.uuid }] });
    expect(ledger.size).toBe(0);
    expect(ledger.get(decision.uuid)?.state).toBe("expired");
  });

  test("it is forgotten after a day", async () => {
    const { ledger, clock } = scene();
    const decision = aDecision();
    ledger.put(decision, lift(decision, clock.now()));
    await clock.advance(24 * 60 * minute + 1);
    ledger.put(aDecision({ value: "198.51.100.1", state: "refused", createdAt: clock.now() }));
    expect(ledger.get(decision.uuid)).toBeUndefined();
    expect(ledger.onTarget(decision)).toEqual([]);
  });

  test("a lift is told, an older version changes nothing", () => {
    const { ledger, clock, told } = scene();
    const decision = aDecision();
    ledger.put(decision);
    ledger.put(lift(decision, clock.now()));
    ledger.put(decision);
    expect(ledger.matching({ clientIp: decision.value })).toBeUndefined();
    expect(told.map(({ added, ended }) => [added.length, ended.length])).toEqual([[1, 0], [0, 1]]); // prettier-ignore
  });

  test("ids ascend after the last one that was saved", () => {
    const { ledger } = scene();
    ledger.startIdsAfter(41);
    expect([ledger.nextId(), ledger.nextId()]).toEqual([42, 43]);
  });

  test("all on one target are listed, the newest first", () => {
    const { ledger, clock } = scene();
    const old = aDecision({ id: 1001 });
    ledger.put(old, lift(old, clock.now()), aDecision({ id: 1002 }), aDecision({ id: 1003, value: "198.51.100.1" }));
    expect(ledger.onTarget(old).map(({ id }) => id)).toEqual([1002, 1001]);
    expect(ledger.byId(1001)?.state).toBe("lifted");
  });

  test("memory is bounded", () => {
    const clock = new TestClock();
    const ledger = new DecisionLedger({ clock, capacity: 2 });
    ledger.put(aDecision({ value: "203.0.113.1" }));
    expect(ledger.full).toBe(false);
    ledger.put(aDecision({ value: "203.0.113.2" }));
    expect(ledger.full).toBe(true);
  });
});

describe("switching all of it off and on", () => {
  test("nobody is found, gateways are told that all has ended, and then all anew", () => {
    const { ledger, told } = scene();
    const decision = aDecision();
    ledger.put(decision);
    ledger.setServing(false);
    expect(ledger.matching({ clientIp: decision.value })).toBeUndefined();
    expect([...ledger.served()]).toEqual([]);
    expect([...ledger.noLongerServed()]).toMatchObject([{ decision: { uuid: decision.uuid } }]);
    ledger.put(aDecision({ value: "198.51.100.1" }));
    ledger.setServing(true);
    expect(ledger.matching({ clientIp: decision.value })).toBe(decision);
    expect(told.map(({ added, ended }) => [added.length, ended.length])).toEqual([[1, 0], [0, 1], [2, 0]]); // prettier-ignore
  });
});

describe("whom a dry run would have hit", () => {
  test("requests, successes and the first users", () => {
    const { ledger } = scene();
    const dryRun = aDecision({ dryRun: true });
    const range = aDecision({ dryRun: true, scope: "range", value: "203.0.112.0/20" });
    ledger.put(dryRun, range);
    for (const userId of ["alice", "alice", "bob"]) ledger.seen(aRequest({ userId, outcome: "ok" }));
    ledger.seen(aRequest({ outcome: "failed" }));
    ledger.seen(aRequest({ clientKey: "198.51.100.1", outcome: "ok" }));
    expect(ledger.wouldHaveHit(dryRun.uuid)).toEqual(hitsOf("alice", "bob"));
    expect(ledger.wouldHaveHit(range.uuid)).toEqual(hitsOf("alice", "bob"));
  });

  test("a shop event is no request; where it tells how one ended, that counts once", () => {
    const { ledger } = scene();
    const dryRun = aDecision({ dryRun: true });
    ledger.put(dryRun);
    ledger.seen(aRequest({ outcome: "unknown", attempt: false }));
    ledger.seen(aRequest({ outcome: "ok", origin: "shop", userId: "alice" }));
    ledger.seen(aRequest({ outcome: "ok", origin: "shop", attempt: false, userId: "alice" }));
    expect(ledger.wouldHaveHit(dryRun.uuid)).toMatchObject({ requests: 1, succeeded: 1, users: ["alice"] });
  });

  test("the tally is kept with the decision when it ends", async () => {
    const { ledger, clock } = scene();
    ledger.put(aDecision({ dryRun: true, until: clock.now() + minute }));
    ledger.seen(aRequest({ outcome: "failed" }));
    await clock.advance(minute);
    expect(ledger.expire()).toMatchObject([{ wouldHaveHit: { requests: 1, succeeded: 0 } }]);
  });
});

// helpers

function aRequest(partial: Partial<SeenEvent>): SeenEvent {
  return {
    clientKey: "203.0.113.7",
    outcome: "ok",
    origin: "gateway",
    attempt: true,
    endpointClass: "login",
    ...partial,
  };
}

/** Four requests, three of which were sign-ins of two users. */
function hitsOf(...users: readonly string[]) {
  return { requests: 4, succeeded: 3, signedIn: 3, bought: 0, users, userCount: users.length };
}

function naivelyHits(decision: Decision, clientIp: string, userId: string): boolean {
  if (decision.scope === "user") return decision.value === userId;
  const network = parseNetwork(decision.value);
  const client = parseAddress(clientIp);
  if (!network || !client) throw new Error(`not readable: ${decision.value}, ${clientIp}`);
  expect(formatNetwork(network)).toBe(decision.value);
  return contains(network, client);
}
