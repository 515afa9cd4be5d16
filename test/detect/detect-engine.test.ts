import { describe, expect, test } from "vitest";
import * as fc from "fast-check";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import type { Detection } from "../../src/detect/detection.ts";
import { loadDetect, saveDetect } from "../../src/detect/detect-state.ts";
import { anEvent } from "../support/an-event.ts";
import { anEngine as anyEngine, shippedDetectors } from "../support/run-engine.ts";
import { serialize, deserialize } from "node:v8";

const stuffing = shippedDetectors.filter(({ definition }) => definition.id === "credential-stuffing");
const anEngine = (options: Parameters<typeof anyEngine>[0] = {}) => anyEngine({ detectors: stuffing, ...options });

const start = Date.parse("2026-08-22T09:00:00.000Z");

function login(at: number, partial: Partial<AccessEvent> = {}): AccessEvent {
  return anEvent({
    time: start + at,
    method: "POST",
    path: "/api/login",
    route: "/api/login",
    endpointClass: "login",
    status: 401,
    outcome: "failed",
    userId: `user-${Math.floor(at / 1000) % 7}`,
    ...partial,
  });
}

/** A stuffing attack over 40 s, among customers who sign in. */
function traffic(): AccessEvent[] {
  const attack = Array.from({ length: 40 }, (_, i) =>
    login(60_000 + i * 1000, { clientIp: "203.0.113.9", clientKey: "203.0.113.9" }),
  );
  const customers = Array.from({ length: 300 }, (_, i) =>
    login(i * 500, {
      clientIp: `198.51.100.${i % 50}`,
      clientKey: `198.51.100.${i % 50}`,
      status: 200,
      outcome: "ok",
      userId: `c${i % 50}`,
    }),
  );
  return [...attack, ...customers].sort((a, b) => a.time - b.time);
}

/** The last word on each sealed detection: what must not depend on order. */
function lastSealed(told: readonly Detection[]): unknown[] {
  const byId = new Map<string, Detection>();
  for (const d of told) if (d.sealed && (byId.get(d.id)?.version ?? 0) <= d.version) byId.set(d.id, d);
  return [...byId.values()]
    .map(({ stale: _stale, coverage: _coverage, supersedes: _supersedes, ...rest }) => rest)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

test("a detector that is not judged on change tells the same, once it is sealed", () => {
  const [found] = stuffing;
  const late = anEngine({ detectors: [{ ...found!, definition: { ...found!.definition, onChange: false } }] });
  const usual = anEngine();
  const [told, expected] = [late, usual].map(({ process, engine }) => [...process(traffic()), ...engine.finish()]);
  expect(told!.map(({ sealed }) => sealed)).not.toContain(false);
  expect(lastSealed(told!)).toEqual(lastSealed(expected!));
});

test("an attack is told at the event that crosses the threshold, and again once sealed, under one id", () => {
  const { process, engine } = anEngine();
  const told: Detection[] = [];
  let firstAt = 0;
  for (const event of traffic()) {
    told.push(...process([event]));
    if (told.length > 0 && firstAt === 0) firstAt = event.time;
  }
  told.push(...engine.finish());
  // The eighth failure, seven seconds into the attack.
  expect(firstAt - start).toBe(67_000);
  expect(new Set(told.map(({ id }) => id)).size).toBe(1);
  expect(told[0]).toMatchObject({
    detector: "credential-stuffing",
    sealed: false,
    state: "open",
    key: { clientIp: "203.0.113.9" },
  });
  expect(told.at(-1)).toMatchObject({
    sealed: true,
    state: "closed",
    counters: { failures: 40, attempts: 40, accounts: 7 },
  });
  expect(told.at(-1)!.evidence).toHaveLength(10);
  expect(told.at(-1)!.targets).toEqual([{ scope: "ip", value: "203.0.113.9" }]);
});

describe("sealed detections depend on the events alone", () => {
  const inOrder = (() => {
    const { process, engine } = anEngine();
    return lastSealed([...process(traffic()), ...engine.finish()]);
  })();

  test("there is one to compare", () => expect(inOrder).toHaveLength(1));

  test("any split into batches", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 30 }), (sizes) => {
        const { process, engine } = anEngine();
        const told: Detection[] = [];
        const events = traffic();
        for (let at = 0, i = 0; at < events.length; i++) {
          const size = sizes[i % sizes.length]!;
          told.push(...process(events.slice(at, at + size)));
          at += size;
        }
        expect(lastSealed([...told, ...engine.finish()])).toEqual(inOrder);
      }),
      { numRuns: 50 },
    );
  });

  test("any order within the lateness", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9_000 }), { minLength: 340, maxLength: 340 }), (delays) => {
        const { process, engine } = anEngine();
        const events = traffic()
          .map((event, i) => ({ event, at: event.time + delays[i]! }))
          .sort((a, b) => a.at - b.at)
          .map(({ event }) => event);
        expect(lastSealed([...process(events), ...engine.finish()])).toEqual(inOrder);
      }),
      { numRuns: 50 },
    );
  });

  test("spread over partitions that are read apart", () => {
    const { process, engine, watermark } = anEngine();
    for (const p of ["p0", "p1", "p2"]) watermark.assign(p);
    const events = traffic();
    const told: Detection[] = [];
    for (let from = 0; from < events.length; from += 60) {
      for (const p of [2, 0, 1]) {
        const part = events.slice(from, from + 60).filter((_, i) => i % 3 === p);
        told.push(...process(part, `p${p}`));
      }
    }
    expect(lastSealed([...told, ...engine.finish()])).toEqual(inOrder);
  });

  test.for([50, 130, 160, 200, 333])("a restart after %i events, from a state saved earlier", (crash) => {
    const events = traffic();
    const first = anEngine();
    const told = [...first.process(events.slice(0, crash - 40))];
    const saved = deserialize(serialize(saveDetect(first))) as ReturnType<typeof saveDetect>;
    told.push(...first.process(events.slice(crash - 40, crash)));

    const second = anEngine();
    loadDetect(second, saved);
    const after = [...second.process(events.slice(crash - 40)), ...second.engine.finish()];
    expect(lastSealed([...told, ...after])).toEqual(inOrder);
    // What the first run told eagerly has the ids the second one gives.
    const ids = new Set(after.map(({ id }) => id));
    for (const { id } of told)
      expect([...ids, ...told.filter((d) => d.state === "closed").map((d) => d.id)]).toContain(id);
  });

  test("a backlog read long after gives them too, marked stale, with nothing told eagerly", async () => {
    const { process, engine, clock } = anEngine();
    await clock.advance(86_400_000);
    const told = [...process(traffic()), ...engine.finish()];
    expect(lastSealed(told)).toEqual(inOrder);
    expect(told.every(({ sealed, stale }) => sealed && stale)).toBe(true);
  });
});

test("an event later than the lateness is counted and changes nothing", () => {
  const { process, engine } = anEngine();
  process([login(100_000)]);
  const late = Array.from({ length: 50 }, (_, i) => login(i * 100));
  expect(process(late)).toEqual([]);
  expect(engine.late).toBe(50);
  expect(engine.finish()).toEqual([]);
});

test("a gateway whose clock runs ahead doesn't make everybody else late", () => {
  const { engine } = anEngine();
  const ahead = login(240_000);
  engine.process({ partition: "p0", events: [ahead], takenAt: () => start });
  engine.process({ partition: "p0", events: [login(1000)], takenAt: () => start + 1000 });
  expect(engine.late).toBe(0);
});

test("our own blocks feed nothing", () => {
  const { process, engine } = anEngine();
  const refused = Array.from({ length: 100 }, (_, i) =>
    login(i * 100, { enforced: true, outcome: "denied", status: 403 }),
  );
  expect([...process(refused), ...engine.finish()]).toEqual([]);
});

test("an eager detection whose bucket does not hold up is closed as unconfirmed", () => {
  const { process, engine } = anEngine();
  const client = { clientIp: "203.0.113.9", clientKey: "203.0.113.9" };
  const failures = Array.from({ length: 8 }, (_, i) => login(i * 100, { ...client, userId: `u${i}` }));
  const successes = Array.from({ length: 8 }, (_, i) =>
    login(1000 + i * 100, { ...client, userId: `u${i}`, outcome: "ok", status: 200 }),
  );
  const told = [...process([...failures, ...successes]), ...engine.finish()];
  expect(told.map(({ state, sealed }) => ({ state, sealed }))).toEqual([
    { state: "open", sealed: false },
    { state: "unconfirmed", sealed: false },
  ]);
  expect(engine.episodes.unconfirmed).toBe(1);
});

test("a flood of random addresses does not push out the attacker, and tables don't grow", () => {
  const { process, engine } = anEngine({ clients: 1024 });
  const told: Detection[] = [];
  for (let i = 0; i < 20_000; i++) {
    const ip = `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
    told.push(...process([login(i * 5, { clientIp: ip, clientKey: ip, userId: "x" })]));
    if (i % 500 === 0)
      told.push(...process([login(i * 5, { clientIp: "203.0.113.9", clientKey: "203.0.113.9", userId: `u${i}` })]));
  }
  told.push(...engine.finish());
  const clients = engine.spaces.find(({ dimensions }) => dimensions.join() === "clientIp")!;
  expect(clients.table.capacity).toBe(1024);
  expect(clients.table.evicted).toBeGreaterThan(10_000);
  expect(told.some(({ key }) => key["clientIp"] === "203.0.113.9")).toBe(true);
});

test("a client whose address could be forged is not named beside those that could not", () => {
  const { process } = anyEngine();
  const attempts = Array.from({ length: 24 }, (_, i) => {
    const clientIp = `203.0.113.${i % 12}`;
    return login(i * 500, {
      clientIp,
      clientKey: clientIp,
      userId: "anna",
      userAgent: `agent ${i % 4}`,
      clientIpTrust: i % 12 === 3 ? "guessed" : "certain",
    });
  });
  const success = login(-60_000, {
    clientIp: "203.0.113.5",
    clientKey: "203.0.113.5",
    outcome: "ok",
    status: 200,
    userId: "anna",
  });
  const found = process([success, ...attempts])
    .filter(({ detector }) => detector === "account-under-attack")
    .at(-1)!;
  expect(found.clientIpCertain).toBe(true);
  expect(found.targets).not.toContainEqual({ scope: "ip", value: "203.0.113.3" });
  // Nor the client that succeeded before: it may be the customer's own.
  expect(found.targets).not.toContainEqual({ scope: "ip", value: "203.0.113.5" });
  expect(found.targets).toContainEqual({ scope: "ip", value: "203.0.113.1" });
});

test("a detector that throws is left out for that event, and muted when it goes on", () => {
  const muted: string[] = [];
  const [stuffing_] = stuffing;
  const throwing = {
    ...stuffing_!,
    definition: {
      ...stuffing_!.definition,
      id: "throws",
      counters: {
        bad: {
          kind: "count" as const,
          scope: {},
          if: () => {
            throw new Error("oops");
          },
        },
      },
    },
  };
  const { process, engine } = anyEngine({
    detectors: [throwing, ...stuffing],
    onMuted: (id, error) => muted.push(`${id}: ${error}`),
  });
  const told = process(Array.from({ length: 40 }, (_, i) => login(i * 200)));
  expect(told.map(({ detector }) => detector)).toContain("credential-stuffing");
  expect(muted).toEqual(["throws: Error: oops"]);
  expect(engine.faults).toBe(20);
});

test("a partition read long before the other gives the same sealed detections", () => {
  const partitions = traffic().map((event, i) => ({ event, partition: `p${i % 2}` }));
  // Three minutes of customers before and after, so that one partition is far ahead of what the tables hold.
  const around = Array.from({ length: 360 }, (_, i) => ({
    event: login((i < 180 ? i - 180 : i) * 1000, { status: 200, outcome: "ok", userId: "c" }),
    partition: `p${i % 2}`,
  }));
  const all = [...partitions, ...around].sort((a, b) => a.event.time - b.event.time);
  const of = (name: string) => all.filter(({ partition }) => partition === name).map(({ event }) => event);

  const together = anEngine();
  const inTurn = all.flatMap(({ event, partition }) => together.process([event], partition));
  const apart = anEngine();
  for (const partition of ["p0", "p1"]) apart.watermark.assign(partition);
  const first = apart.process(of("p0"), "p0");
  expect(apart.engine.held.earliest).toBeDefined();
  const saved = deserialize(serialize(saveDetect(apart)));
  const resumed = anEngine();
  loadDetect(resumed, saved);
  const then = resumed.process(of("p1"), "p1");
  expect(lastSealed([...first, ...then, ...resumed.engine.finish()])).toEqual(
    lastSealed([...inTurn, ...together.engine.finish()]),
  );
  expect(lastSealed(inTurn).length).toBeGreaterThan(0);
  expect(resumed.engine.held.earliest).toBeUndefined();
});

test("what was saved does not change with what is counted later", () => {
  const { process, ...parts } = anEngine();
  const events = traffic();
  const half = events.findIndex(({ time }) => time > start + 80_000);
  process(events.slice(0, half));
  const saved = saveDetect(parts);
  const atOnce = serialize(saved);
  process(events.slice(half));
  expect(serialize(saved).equals(atOnce)).toBe(true);
});
