import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { createMinuteRows, type MinuteRowsSnapshot } from "../../src/store/minute-rows.ts";
import type { BulkTable, Cell } from "../../src/store/store.ts";
import { anEvent } from "../support/an-event.ts";
import { readEvents } from "../support/read-events.ts";

const noon = Date.parse("2026-08-22T12:00:00.000Z");
const bounds = { maxActors: 3, maxEndpointCells: 6, maxOpenMinutes: 2 };

/** The tables as ClickHouse would have them: of each key, the row with the highest version. */
class Tables {
  readonly rows = new Map<string, Readonly<Record<string, Cell>>>();

  readonly write = async (table: BulkTable, rows: readonly Readonly<Record<string, Cell>>[]) => {
    for (const row of rows) {
      const { minute, route, method, country, gateway, actor, partition, part, offset, index } = row;
      const place =
        table === "endpoints_seen" ? [route, method, gateway] : [minute, route, method, country, gateway, actor];
      const key = JSON.stringify([table, ...place, partition, part, offset, index]);
      const known = this.rows.get(key);
      if (!known || Number(row["version"] ?? 0) >= Number(known["version"] ?? 0)) this.rows.set(key, row);
    }
  };

  of(table: BulkTable) {
    return [...this.rows].filter(([key]) => key.startsWith(`["${table}"`)).map(([, row]) => row);
  }

  sum(table: BulkTable, column: string): number {
    return this.of(table).reduce((total, row) => total + Number(row[column]), 0);
  }
}

const anyEvent = fc
  .record({
    seconds: fc.integer({ min: 0, max: 400 }),
    route: fc.constantFrom("/api/login", "/api/cart", "/api/orders/{id}"),
    country: fc.constantFrom("DE", "FR", undefined),
    user: fc.constantFrom(undefined, "a", "b", "c", "d", "e", "f", "g", "h", "i"),
    apiKey: fc.constantFrom(undefined, "k"),
    status: fc.constantFrom(200, 302, 401, 429, 503, 0),
    outcome: fc.constantFrom("ok", "failed", "limited", "unknown"),
    durationMs: fc.constantFrom(undefined, 3, 700, 70_000),
  })
  .map(({ seconds, user, ...fields }) => anEvent({ ...fields, userId: user, time: noon + seconds * 1000 }));

/** Feeds events in batches of the given sizes; flushes after a batch where `flushes` says so. */
async function feed(
  rows: ReturnType<typeof createMinuteRows>,
  events: readonly AccessEvent[],
  plan: { from: number; sizes: readonly number[]; flushes: readonly boolean[] },
): Promise<void> {
  let at = plan.from;
  for (let i = 0; at < events.length; i++) {
    const size = plan.sizes[i % plan.sizes.length] as number;
    const batch = events.slice(at, at + size);
    await rows.add("p", readEvents(batch, batch.map((_, j) => (at + j) * 10))); // prettier-ignore
    if (plan.flushes[i % plan.flushes.length]) await rows.flush();
    at += size;
  }
  await rows.flush();
}

describe("minute rows", () => {
  test("count an attempt once, and no shop event as a request", async () => {
    const tables = new Tables();
    const rows = createMinuteRows({ write: tables.write });
    const told = { endpointClass: "login", userId: "u", country: "DE", time: noon } as const;
    const request = { ...told, route: "/api/login", method: "POST", attempt: false, durationMs: 40 } as const;
    const event: Partial<AccessEvent> = {
      ...{ ...told, origin: "shop", route: "login.failed", method: "EVENT", path: "login.failed", status: 0 },
      ...{ durationMs: 7, outcome: "failed" },
    };
    const events = [
      anEvent({ ...request, status: 200, outcome: "unknown" }),
      anEvent({ ...request, status: 502, outcome: "failed" }),
      anEvent({ ...request, status: 429, outcome: "limited" }),
      anEvent(event),
      anEvent({ ...event, route: "login.limited", outcome: "limited" }),
      anEvent({ ...event, route: "login.challenged", outcome: "unknown", attempt: false }),
      anEvent({ ...event, route: "signup.failed", attempt: false }),
    ];
    await rows.add("p", readEvents(events, events.map((_, i) => i))); // prettier-ignore
    await rows.flush();
    const of = (table: BulkTable, ...columns: string[]) =>
      tables.of(table).map((row) => columns.map((column) => row[column]));
    expect(of("endpoint_minutes", "route", "requests", "s5xx", "ok", "failed", "limited", "durationCount")).toEqual([
      ["/api/login", 3, 1, 0, 0, 1, 3],
      ["login.failed", 0, 0, 0, 1, 0, 0],
      ["login.limited", 0, 0, 0, 0, 1, 0],
    ]);
    expect(of("actor_minutes", "route", "requests", "failures", "refusals")).toEqual([
      ["/api/login", 3, 0, 1],
      ["login.failed", 0, 1, 0],
      ["login.limited", 0, 0, 1],
    ]);
    expect(of("limited_requests", "route")).toEqual([["/api/login"]]);
    expect(of("endpoints_seen", "route")).toEqual([["/api/login"]]);
  });

  test("count what happened, by endpoint and actor", async () => {
    const tables = new Tables();
    const rows = createMinuteRows({ write: tables.write });
    const login = { route: "/api/login", method: "POST", endpointClass: "login", country: "DE", time: noon } as const;
    await rows.add(
      "p",
      readEvents(
        [
          anEvent({ ...login, userId: "u", status: 200, outcome: "ok", durationMs: 40 }),
          anEvent({ ...login, userId: "u", status: 401, outcome: "failed", durationMs: 4000 }),
          anEvent({ ...login, apiKey: "k", status: 429, outcome: "limited", durationMs: undefined }),
          anEvent({ ...login, status: 403, outcome: "denied", enforced: true, durationMs: 1 }),
        ],
        [1, 2, 3, 4],
      ),
    );
    await rows.flush();
    expect(tables.of("endpoint_minutes")).toEqual([
      expect.objectContaining({
        minute: noon, partition: "p", part: 1, route: "/api/login", method: "POST", country: "DE", gateway: "edge",
        endpointClass: "login", version: 5, requests: 4, s2xx: 1, s4xx: 3, s401: 1, s403: 1, s429: 1, ok: 1, failed: 1,
        limited: 1, denied: 0, enforced: 1, durationCount: 3, durationSumMs: 4041, durationMaxMs: 4000,
        latencyBuckets: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0],
      }),
    ]); // prettier-ignore
    expect(tables.of("actor_minutes")).toEqual([
      expect.objectContaining({ actor: "user:u", route: "/api/login", requests: 2, failures: 1, refusals: 0 }),
      expect.objectContaining({ actor: "key:k", requests: 1, failures: 0, refusals: 1 }),
    ]);
    expect(tables.of("limited_requests")).toEqual([
      expect.objectContaining({ partition: "p", offset: 3, index: 0, apiKey: "k" }),
    ]);
    expect(tables.of("endpoints_seen")).toEqual([
      expect.objectContaining({
        route: "/api/login",
        firstSeen: noon,
        lastSeen: noon,
        lastOkAt: noon,
        lastAnonymousOkAt: null,
        listed: null,
      }),
    ]);
    expect(tables.of("access_events")).toEqual([]);
  });

  test("tell whether the inventory lists an endpoint, whatever country it was asked from", async () => {
    const tables = new Tables();
    const rows = createMinuteRows({ write: tables.write });
    const events = [
      anEvent({ route: "/a", listed: true, country: "DE" }),
      anEvent({ route: "/a", listed: undefined, country: "FR", method: "GET" }),
      anEvent({ route: "/b", listed: false }),
    ];
    await rows.add("p", readEvents(events));
    await rows.flush();
    expect(tables.of("endpoints_seen").map(({ route, listed }) => [route, listed])).toEqual([
      ["/a", true],
      ["/b", false],
    ]);
  });

  test("are written again only when they have changed", async () => {
    const written: number[] = [];
    const rows = createMinuteRows({ write: async (_, batch) => void written.push(batch.length) });
    await rows.add("p", readEvents([anEvent()]));
    await rows.flush();
    await rows.flush();
    expect(written).toEqual([1, 1]); // endpoint_minutes and endpoints_seen, once
  });

  test("are written again after a restart: nobody knows whether the last ones arrived", async () => {
    const first = createMinuteRows({ write: async () => {} });
    await first.add("p", readEvents([anEvent({ userId: "u" })]));
    await first.flush();
    const tables = new Tables();
    const second = createMinuteRows({ write: tables.write });
    second.restore(first.snapshot());
    await second.flush();
    expect(tables.sum("endpoint_minutes", "requests")).toBe(1);
    expect(tables.sum("actor_minutes", "requests")).toBe(1);
  });

  test("keep every request when told to", async () => {
    const tables = new Tables();
    const rows = createMinuteRows({ write: tables.write, keepAccessEvents: true });
    await rows.add("p", readEvents([anEvent(), anEvent(), anEvent()], [7, 7, 8]));
    await rows.flush();
    expect(tables.of("access_events").map(({ offset, index }) => [offset, index])).toEqual([[7, 0], [7, 1], [8, 0]]);
  }); // prettier-ignore

  test("ask the caller to wait when many are pending", async () => {
    const rows = createMinuteRows({ write: async () => {} });
    const events = Array.from({ length: 25_000 }, () => anEvent({ status: 429, outcome: "limited" }));
    const offsets = events.map((_, i) => i);
    const batch = { events, offsets, indexes: offsets.map(() => 0) };
    expect(rows.add("p", readEvents(events.slice(0, 10)))).toBeUndefined();
    expect(rows.add("p", batch)).toBeInstanceOf(Promise);
  });

  test("keep users that come late and are many, within the bound", async () => {
    const tables = new Tables();
    const rows = createMinuteRows({ write: tables.write, ...bounds });
    const flood = Array.from({ length: 500 }, (_, i) => anEvent({ time: noon, userId: `flood-${i}` }));
    const heavy = Array.from({ length: 40 }, () => anEvent({ time: noon, userId: "heavy" }));
    const events = [...flood.slice(0, 250), ...heavy, ...flood.slice(250)];
    await feed(rows, events, { from: 0, sizes: [17], flushes: [true, false] });
    expect(tables.sum("actor_minutes", "requests")).toBe(540);
    rows.release("p");
    await rows.flush();
    expect(tables.of("actor_minutes").length).toBeLessThanOrEqual(2 * bounds.maxActors + 1);
    expect(tables.of("actor_minutes")).toContainEqual(expect.objectContaining({ actor: "user:heavy", requests: 40 }));
    expect(tables.sum("actor_minutes", "requests")).toBe(540);
  });

  test("add up to what was read, however late events come", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyEvent, { maxLength: 200 }), async (events) => {
        const tables = new Tables();
        const rows = createMinuteRows({ write: tables.write, ...bounds });
        await feed(rows, events, { from: 0, sizes: [7], flushes: [false, true, false] });
        expect(tables.sum("endpoint_minutes", "requests")).toBe(events.length);
        expect(tables.sum("endpoint_minutes", "s401")).toBe(events.filter(({ status }) => status === 401).length);
        const withActor = events.filter(({ userId, apiKey }) => userId !== undefined || apiKey !== undefined);
        expect(tables.sum("actor_minutes", "requests")).toBe(withActor.length);
      }),
    );
  });

  test("are the same however the stream is cut, with a restart and a replay in between", async () => {
    const plan = fc.record({
      sizes: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
      flushes: fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
    });
    const property = fc.asyncProperty(
      fc.array(anyEvent, { maxLength: 150 }),
      fc.tuple(plan, plan, plan, plan),
      fc.tuple(fc.nat(150), fc.nat(150)),
      async (events, [plain, before, lost, after], cuts) => {
        const expected = new Tables();
        await feed(createMinuteRows({ write: expected.write, ...bounds }), events, { from: 0, ...plain });

        const tables = new Tables();
        const [saved, killed] = cuts.sort((a, b) => a - b);
        const first = createMinuteRows({ write: tables.write, ...bounds });
        await feed(first, events.slice(0, saved), { from: 0, ...before });
        const snapshot = JSON.parse(JSON.stringify(first.snapshot())) as MinuteRowsSnapshot;
        await feed(first, events.slice(0, killed), { from: Math.min(saved, events.length), ...lost });
        const second = createMinuteRows({ write: tables.write, ...bounds });
        second.restore(snapshot);
        await feed(second, events, { from: Math.min(saved, events.length), ...after });

        expect(sorted(tables)).toEqual(sorted(expected));
      },
    );
    await fc.assert(property, { numRuns: 300 });
  });
});

// helpers

/** All rows by key, but for versions, which tell when a row was made. `endpoints_seen` merges its rows by itself. */
function sorted(tables: Tables): [string, unknown][] {
  return [...tables.rows]
    .filter(([key]) => !key.startsWith('["endpoints_seen"'))
    .map(([key, row]): [string, unknown] => [key, { ...row, version: undefined }])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
