import { deserialize, serialize } from "node:v8";
import { describe, expect, test } from "vitest";
import { type SavedMemory, TrafficMemory } from "../../src/detect/traffic-memory.ts";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { anEvent } from "../support/an-event.ts";

/** The first minute of a half of a day, which is what users are remembered by. */
const start = Date.UTC(2026, 7, 22, 0);
const minute = 60_000;
const hour = 60 * minute;
const office = "203.0.113.7";

function aMemory(events: readonly AccessEvent[] = [], clients = 4_096): TrafficMemory {
  const memory = new TrafficMemory(clients);
  for (const event of events) memory.see(event);
  return memory;
}

function success(at: number, userId: string, clientIp = office): AccessEvent {
  return anEvent({ time: start + at, clientIp, userId });
}

function login(at: number, outcome: "ok" | "failed", partial: Partial<AccessEvent> = {}): AccessEvent {
  return anEvent({ time: start + at, endpointClass: "login", outcome, ...partial });
}

function checkouts(from: number, count: number, everyMs: number): AccessEvent[] {
  return Array.from({ length: count }, (_, i) =>
    anEvent({ time: start + from + i * everyMs, endpointClass: "checkout" }),
  );
}

describe("users behind a client", () => {
  test.for([1, 3, 5, 10, 30])("%i who succeeded are told apart, within the error of 64 bits", (users) => {
    const memory = aMemory(Array.from({ length: users * 3 }, (_, i) => success(i, `user ${i % users}`)));
    expect(Math.abs(memory.successfulUsers(office)! - users)).toBeLessThanOrEqual(Math.max(1, users * 0.35));
  });

  test("only who succeeded counts, and only there", () => {
    const memory = aMemory([success(0, "anna"), login(1, "failed", { clientIp: office, userId: "ben" })]);
    expect(memory.successfulUsers(office)).toBe(1);
    expect(memory.successfulUsers("198.51.100.99")).toBe(0);
  });

  test.for(["signup", "password_reset"] as const)("a %s for anybody's name proves nobody", (endpointClass) => {
    const others = Array.from({ length: 50 }, (_, i) =>
      anEvent({ time: start + i, endpointClass, outcome: "ok", clientIp: office, userId: `user ${i}` }),
    );
    const memory = aMemory([...others, success(100, "anna")]);
    expect(memory.successfulUsers(office)).toBe(1);
    memory.settle(start + hour);
    expect(memory.settledUsers(office)).toBe(1);
    expect(aMemory(others).succeededBefore(office, start + hour)).toBe(false);
  });

  test("nothing is said where the log has no users", () => {
    const memory = aMemory([anEvent({ clientIp: office })]);
    expect(memory.successfulUsers(office)).toBeUndefined();
    expect(memory.succeededBefore(office, start)).toBeUndefined();
  });

  test("they are remembered for half a day at least and a day at most", () => {
    const memory = aMemory([success(0, "anna"), success(13 * hour, "ben")]);
    expect(memory.successfulUsers(office)).toBe(2);
    memory.see(success(23 * hour, "ben"));
    expect(memory.successfulUsers(office)).toBe(2);
    memory.see(success(24 * hour, "ben"));
    expect(memory.successfulUsers(office)).toBe(1);
    memory.see(success(60 * hour, "carl", "198.51.100.99"));
    expect(memory.successfulUsers(office)).toBe(0);
  });

  test("what is read a day late doesn't wipe out what is known of today", () => {
    const memory = aMemory([success(24 * hour, "anna"), success(25 * hour, "ben"), success(0, "carl")]);
    expect(memory.successfulUsers(office)).toBe(2);
  });
});

test("a client's first success is remembered, also when an earlier one is read later", () => {
  const memory = aMemory([success(5 * minute, "anna"), success(9 * minute, "anna")]);
  const before = (at: number, client = office) => memory.succeededBefore(client, start + at);
  expect([before(4 * minute), before(5 * minute), before(6 * minute)]).toEqual([false, false, true]);
  memory.see(success(2 * minute, "anna"));
  expect(before(4 * minute)).toBe(true);
  expect(before(hour, "198.51.100.99")).toBe(false);
});

describe("active clients", () => {
  test.for([1_000, 50_000])("%i are counted within 3 %%", (clients) => {
    const memory = aMemory();
    for (let i = 0; i < clients; i++) {
      const clientIp = `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;
      memory.see(anEvent({ time: start + (i % 9) * minute, clientIp }));
      memory.see(anEvent({ time: start + 9 * minute, clientIp: "10.0.0.1" }));
    }
    expect(Math.abs(memory.activeClients()! - clients) / clients).toBeLessThan(0.03);
  });

  test("of the last ten minutes only; none is known before the first event", () => {
    const memory = aMemory();
    expect(memory.activeClients()).toBeUndefined();
    memory.see(anEvent({ time: start, clientIp: "203.0.113.1" }));
    memory.see(anEvent({ time: start + 10 * minute, clientIp: "203.0.113.2" }));
    expect(memory.activeClients()).toBe(2);
    memory.see(anEvent({ time: start + 11 * minute, clientIp: "203.0.113.2" }));
    expect(memory.activeClients()).toBe(1);
  });
});

describe("how logins fare", () => {
  test("the failed share of the last five minutes beside that of the hour before", () => {
    const earlier = Array.from({ length: 600 }, (_, i) => login(i * 5_000, i % 10 === 0 ? "failed" : "ok"));
    const now = Array.from({ length: 40 }, (_, i) =>
      login(hour + i * 5_000, i % 4 === 0 ? "ok" : "failed", { clientIp: `198.51.100.${i % 10}` }),
    );
    const share = aMemory([...earlier, ...now]).loginFailedShare()!;
    expect(share).toMatchObject({ now: 0.75, before: 0.1, attempts: 40 });
    // Every fourth of forty succeeds, so eight of ten clients, each with an even chance, have failed.
    expect(share.failedClients).toBeGreaterThanOrEqual(9);
  });

  test("our own blocks are no failures, and nothing is said where the log doesn't tell outcomes", () => {
    expect(aMemory([login(0, "failed", { enforced: true })]).loginFailedShare()).toBeUndefined();
    expect(aMemory([anEvent({ endpointClass: "login", outcome: "unknown" })]).loginFailedShare()).toBeUndefined();
    expect(aMemory([login(0, "ok")]).loginFailedShare()).toMatchObject({ now: 0, before: 0, attempts: 1 });
  });
});

test("checkouts a minute: the last two whole minutes beside the hour before", () => {
  const memory = aMemory([...checkouts(0, 600, 6_000), ...checkouts(hour, 10, 12_000), ...checkouts(hour + 2 * minute, 1, 1)]);
  expect(memory.checkoutRate()).toEqual({ now: 5, before: 10 });
  expect(aMemory().checkoutRate()).toBeUndefined();
}); // prettier-ignore

test("all of it is saved and loaded", () => {
  const memory = aMemory([
    ...Array.from({ length: 300 }, (_, i) => success(i * 1_000, `user ${i % 4}`, `198.51.100.${i % 100}`)),
    ...Array.from({ length: 50 }, (_, i) => login(i * 7_000, i % 2 ? "ok" : "failed", { userId: "anna" })),
    ...checkouts(0, 200, 2_000),
  ]);
  const again = aMemory();
  again.load(deserialize(serialize(memory.save())) as SavedMemory);
  const all = (of: TrafficMemory) => [
    of.successfulUsers("198.51.100.5"),
    of.succeededBefore("198.51.100.5", start + 5_001),
    of.succeededBefore("198.51.100.5", start + 5_000),
    of.activeClients(),
    of.loginFailedShare(),
    of.checkoutRate(),
  ];
  expect(all(again)).toEqual(all(memory));
  expect(again.activeClients()).toBeGreaterThan(90);
  expect(again.save()).toEqual(memory.save());
});

test("when there are too many clients the old and quiet are forgotten, and counted", () => {
  const memory = aMemory([], 64);
  for (let i = 0; i < 1_000; i++) {
    memory.see(success(i * 1_000, "x", `10.0.${i >> 8}.${i & 255}`));
    if (i % 5 === 0) memory.see(success(i * 1_000, `user ${i % 3}`));
  }
  expect(memory.evicted).toBeGreaterThan(800);
  expect(memory.successfulUsers(office)).toBe(3);
  // What is forgotten leaves nothing behind for whoever gets its row.
  expect(memory.successfulUsers("10.0.3.231")).toBe(1);
  expect(memory.successfulUsers("10.0.0.1")).toBe(0);
});

describe("shop events", () => {
  const shop = (at: number, partial: Partial<AccessEvent>) =>
    anEvent({ time: start + at, origin: "shop", method: "EVENT", status: 0, endpointClass: "login", ...partial });

  test("a sign-in that its request and a shop event tell of counts once", () => {
    const events = Array.from({ length: 20 }, (_, i) => [
      login(i, "failed", { attempt: false, outcome: "unknown" }),
      shop(i, { outcome: "failed" }),
    ]).flat();
    expect(aMemory(events).loginFailedShare()).toMatchObject({ now: 1, attempts: 20 });
    const other = Array.from({ length: 20 }, (_, i) => [
      login(i, "failed"),
      shop(i, { outcome: "failed", attempt: false }),
    ]).flat();
    expect(aMemory(other).loginFailedShare()).toMatchObject({ now: 1, attempts: 20 });
  });

  test("so does a checkout", () => {
    const once = aMemory(checkouts(0, 200, minute / 10)).checkoutRate();
    const twice = checkouts(0, 200, minute / 10).flatMap((event) => [
      { ...event, outcome: "unknown" as const, attempt: false },
      { ...event, origin: "shop" as const },
    ]);
    expect(aMemory(twice).checkoutRate()).toEqual(once);
  });

  test("they are no clients of their own", () => {
    const events = Array.from({ length: 50 }, (_, i) => shop(i, { clientIp: `203.0.113.${i}` }));
    expect(aMemory(events).activeClients()).toBe(0);
  });

  test("who succeeded by them is known behind a client, which makes the guard more careful", () => {
    const memory = aMemory([
      success(0, "anna"),
      shop(1, { clientIp: office, userId: "ben", clientIpTrust: "guessed" }),
    ]);
    expect(memory.successfulUsers(office)).toBe(2);
  });

  test("but guessed addresses alone don't tell that nobody is behind the others", () => {
    const memory = aMemory([shop(0, { clientIp: "10.0.0.1", userId: "ben", clientIpTrust: "guessed" })]);
    expect(memory.successfulUsers(office)).toBeUndefined();
    const nameless = aMemory([shop(0, { clientIp: undefined, userId: "ben", clientIpTrust: "guessed" })]);
    expect(nameless.successfulUsers(office)).toBeUndefined();
  });
});
