import { deserialize, serialize } from "node:v8";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SavedShare } from "../../src/detect/proxy-share.ts";
import { TopKeys } from "../../src/detect/top-keys.ts";
import { TrafficMemory } from "../../src/detect/traffic-memory.ts";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { anEvent } from "../support/an-event.ts";

const start = Date.UTC(2026, 7, 22, 9);
const minute = 60_000;
const proxy = "198.51.100.1";

interface Traffic {
  /** Minutes after the start, and for how many. */
  readonly from?: number;
  readonly minutes?: number;
  readonly requests?: number;
  readonly users?: number;
  /** Which address a user comes from. */
  readonly source?: (user: number) => string;
  readonly partial?: (user: number) => Partial<AccessEvent>;
}

const spread = (user: number) => `203.0.${user >> 8}.${user & 255}`;

function traffic({ from = 0, minutes = 10, requests = 1_200, users = 120, source = () => proxy, partial }: Traffic) {
  return Array.from({ length: requests }, (_, i) => {
    const user = i % users;
    const time = start + from * minute + Math.floor((i * minutes * minute) / requests);
    return anEvent({
      time,
      clientIp: source(user),
      clientKey: source(user),
      userId: `user ${user}`,
      ...partial?.(user),
    });
  });
}

function memoryOf(events: readonly AccessEvent[], maxShare: number | "off" = 0.5): TrafficMemory {
  const memory = new TrafficMemory(4_096, { maxShare });
  for (const event of events) memory.see(event);
  return memory;
}

const after = (minutes: number) => anEvent({ time: start + minutes * minute, clientIp: "192.0.2.99" });

describe("most users seem to come from one address", () => {
  test("when all do, and it is found before the ten minutes are over", () => {
    const memory = memoryOf(traffic({ minutes: 9 }));
    expect(memory.share.found).toMatchObject({ address: proxy, share: 1, of: "users", since: start });
    expect(memory.proxyTrust()).toEqual({
      address: proxy,
      reason: `100 % of all users come from ${proxy}: it is most likely a proxy that proxies.trusted lacks`,
    });
  });

  test.for<[string, Traffic]>([
    ["60 % do", { source: (user) => (user % 5 < 3 ? proxy : spread(user)) }],
    ["their address is only guessed, since it is private", { partial: () => ({ clientIpTrust: "guessed" }) }],
    ["the others make more requests", { requests: 3_000, source: (user) => (user < 70 ? proxy : spread(user)) }],
  ])("when %s", ([, given]) => {
    expect(memoryOf([...traffic(given), after(10)]).share.found?.address).toBe(proxy);
  });

  test.for<[string, Traffic]>([
    ["each comes from an own address", { source: spread }],
    ["less than half do", { source: (user) => (user % 5 < 2 ? proxy : spread(user)) }],
    ["they are 49: an office", { users: 49 }],
    ["they are 45 of 80: a large office", { users: 80, source: (user) => (user < 45 ? proxy : spread(user)) }],
    ["there are few requests", { requests: 990 }],
    ["their logins failed: an attacker can try any name", { partial: () => ({ outcome: "failed" }) }],
    ["they were refused", { partial: () => ({ outcome: "denied" }) }],
    ["the shop's own records say so, not the gateway's", { partial: () => ({ origin: "shop" }) }],
  ])("not when %s", ([, given]) => {
    expect(memoryOf([...traffic(given), after(10)]).share.found).toBeUndefined();
  });

  test("not when it is switched off, or the share is allowed", () => {
    const given = traffic({ source: (user) => (user % 5 < 3 ? proxy : spread(user)) });
    expect(memoryOf(given, "off").share.found).toBeUndefined();
    expect(memoryOf(given, 0.7).share.found).toBeUndefined();
  });

  test("an attacker with a thousand names of others is none of it", () => {
    const customers = traffic({ users: 100, source: spread });
    const attack = traffic({
      requests: 5_000,
      users: 1_000,
      partial: (user) => ({ userId: `victim ${user}`, endpointClass: "login", outcome: "failed" }),
    });
    const all = [...customers, ...attack].toSorted((a, b) => a.time - b.time);
    expect(memoryOf([...all, after(10)]).share.found).toBeUndefined();
  });
});

describe("where the log has no users, user agents are counted", () => {
  const agents = (user: number): Partial<AccessEvent> => ({ userId: undefined, userAgent: `agent ${user}` });

  test("when one address has them all, and hardly another is there", () => {
    const memory = memoryOf([...traffic({ partial: agents }), after(10)]);
    expect(memory.share.found).toMatchObject({ address: proxy, of: "user agents" });
  });

  test("not when 85 % have it", () => {
    const given = { partial: agents, source: (user: number) => (user % 20 < 17 ? proxy : `203.0.113.${user % 5}`) };
    expect(memoryOf([...traffic(given), after(10)]).share.found).toBeUndefined();
  });

  test("not when other clients are there: user agents cost an attacker nothing", () => {
    const attack = traffic({ requests: 20_000, users: 2_000, partial: agents });
    const customers = traffic({
      users: 30,
      source: spread,
      partial: (user) => ({ userId: undefined, userAgent: `phone ${user % 9}` }),
    });
    const all = [...customers, ...attack].toSorted((a, b) => a.time - b.time);
    expect(memoryOf([...all, after(10)]).share.found).toBeUndefined();
  });

  test("not where there are users", () => {
    const given = [...traffic({ source: spread }), ...traffic({ from: 10, partial: agents })];
    expect(memoryOf([...given, after(20)]).share.found).toBeUndefined();
  });
});

describe("it is over", () => {
  const misplaced = traffic({});

  test("once users come from many addresses for ten whole minutes", () => {
    const memory = memoryOf(misplaced);
    for (const event of traffic({ from: 10, source: spread })) memory.see(event);
    expect(memory.share.found).toBeDefined();
    memory.see(after(20));
    expect(memory.share.found).toBeUndefined();
    expect(memory.share.lastShare).toBeLessThan(0.05);
  });

  test("not while too little comes to judge, but for an hour", () => {
    const memory = memoryOf(misplaced);
    for (let minutes = 10; minutes < 70; minutes += 10) memory.see(after(minutes));
    expect(memory.share.found).toBeDefined();
    memory.see(after(70));
    expect(memory.share.found).toBeUndefined();
  });

  test("after an hour without anything", () => {
    const memory = memoryOf(misplaced);
    memory.see(after(75));
    expect(memory.share.found).toBeUndefined();
  });

  test("when it was mended, and it comes back when it was not", () => {
    const memory = memoryOf(misplaced);
    memory.share.forget();
    expect(memory.share.found).toBeUndefined();
    for (const event of traffic({ from: 10 })) memory.see(event);
    expect(memory.share.found?.since).toBe(start + 10 * minute);
  });

  test("it keeps its beginning while it goes on, and another address is another one", () => {
    const memory = memoryOf([...misplaced, ...traffic({ from: 10 }), after(20)]);
    expect(memory.share.found?.since).toBe(start);
    for (const event of traffic({ from: 20, source: () => "198.51.100.2" })) memory.see(event);
    memory.see(after(30));
    expect(memory.share.found).toMatchObject({ address: "198.51.100.2", since: start + 20 * minute });
  });
});

test("saved in the midst and loaded, it goes on the same", () => {
  const events = [...traffic({ source: (user) => (user % 5 < 3 ? proxy : spread(user)) }), after(10)];
  const whole = memoryOf(events);
  const first = memoryOf(events.slice(0, 700));
  const second = new TrafficMemory(4_096, { maxShare: 0.5 });
  second.share.load(deserialize(serialize(first.share.save())) as SavedShare);
  for (const event of events.slice(700)) second.see(event);
  expect(second.share.found).toEqual(whole.share.found);
});

test("events out of order and from a time long gone change nothing", () => {
  const late = traffic({ from: -30 });
  const memory = memoryOf([...traffic({ source: spread }), ...late, after(10)]);
  expect(memory.share.found).toBeUndefined();
});

test("the top keys: whoever has more than a sixteenth is there, and is never counted too high", () => {
  const key = fc.integer({ min: 0, max: 60 }).map((n) => (n < 20 ? "much" : `key ${n}`));
  fc.assert(
    fc.property(fc.array(key, { minLength: 1, maxLength: 2_000 }), (keys) => {
      const top = new TopKeys(16);
      for (const each of keys) top.add(each);
      const found = top.top()!;
      const counted = (wanted: string) => keys.filter((each) => each === wanted).length;
      expect(found.least).toBeLessThanOrEqual(counted(found.key));
      expect(found.least).toBeGreaterThanOrEqual(counted("much") - keys.length / 16);
    }),
  );
});
