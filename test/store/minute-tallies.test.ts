import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { createMinuteRows } from "../../src/store/minute-rows.ts";
import { MinuteTallies } from "../../src/store/minute-tallies.ts";
import { readMinuteTallies } from "../../src/store/read-minute-tallies.ts";
import type { Cell } from "../../src/store/store.ts";
import { anEvent } from "../support/an-event.ts";
import { readEvents } from "../support/read-events.ts";

const noon = Date.parse("2026-08-22T12:00:00.000Z");

const anyEvent: fc.Arbitrary<AccessEvent> = fc
  .record({
    seconds: fc.integer({ min: 0, max: 100 }),
    route: fc.constantFrom("/api/login", "/api/cart", "/api/orders/{id}"),
    country: fc.constantFrom("DE", undefined),
    userId: fc.constantFrom(undefined, "a", "b", "ü"),
    apiKey: fc.constantFrom(undefined, "k"),
    status: fc.constantFrom(200, 302, 401, 429, 503, 0),
    outcome: fc.constantFrom("ok", "failed", "limited", "unknown"),
    durationMs: fc.constantFrom(undefined, 3, 700, 70_000),
    listed: fc.constantFrom(undefined, true, false),
    owner: fc.constantFrom(undefined, "shop"),
  })
  .map(({ seconds, ...fields }) => anEvent({ ...fields, time: noon + seconds * 1000 }));

test("counted by several and put together in parts, rows add up to those of one who counts all", async () => {
  const many = fc.array(anyEvent, { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(
      many,
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 20 }),
      async (events, parts, size) => {
        const whole = rowsOf();
        void whole.minutes.add("p", readEvents(events, events.map((_, i) => i))); // prettier-ignore
        await whole.minutes.flush();
        const own = Array.from({ length: parts }, () => rowsOf());
        const counters = [new MinuteTallies(parts), new MinuteTallies(parts)];
        for (let from = 0, offset = 0; from < events.length; from += size, offset++) {
          const counter = counters[offset % 2]!;
          for (const event of events.slice(from, from + size)) counter.count(event);
          const problems = counter.take().map((bytes, part) => {
            return bytes.length > 0 ? own[part]!.minutes.take(`tallies/${part}`, bytes, offset) : undefined;
          });
          expect(problems.filter((problem) => problem !== undefined)).toEqual([]);
          expect(counter.size).toBe(0);
        }
        for (const { minutes } of own) await minutes.flush();
        const together = own.flatMap(({ rows }) => rows);
        expect(sorted(together.map(counted))).toEqual(sorted(whole.rows.map(counted)));
      },
    ),
  );
});

describe("a place and an actor are in one part each", () => {
  const events = Array.from({ length: 200 }, (_, i) =>
    anEvent({ time: noon + (i % 50), route: `/r/${i % 23}`, userId: `user-${i % 31}` }),
  );

  test("no row of one is in another", () => {
    const counter = new MinuteTallies(3);
    for (const event of events) counter.count(event);
    const cells = counter.take().map((bytes) => {
      const read = readMinuteTallies(bytes);
      if ("problem" in read) throw new Error(read.problem);
      return read.flatMap(({ endpoints, actors }) => [
        ...endpoints.map(({ figures }) => figures.route),
        ...actors.map(({ actor, route }) => `${actor} ${route}`),
      ]);
    });
    const all = cells.flat();
    expect(new Set(all).size).toBe(all.length);
    expect(cells.every((one) => one.length > 10)).toBe(true);
  });
});

describe("what can't be read is a problem", () => {
  const counter = new MinuteTallies(1);
  counter.count(anEvent({ time: noon }));
  const [bytes] = counter.take() as [Uint8Array];

  test("cut off anywhere", () => {
    const lengths = Array.from({ length: bytes.length }, (_, length) => length);
    // Texts and no minute at all are none that was written, but can be read.
    const read = lengths.map((length) => readMinuteTallies(bytes.subarray(0, length)));
    expect(read.filter((one) => !("problem" in one)).flat()).toEqual([]);
  });

  test("any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
        readMinuteTallies(Uint8Array.from([1, ...tail]));
      }),
    );
  });

  test("another version, and nothing was counted of it", async () => {
    const { minutes, rows } = rowsOf();
    expect(minutes.take("tallies/0", Uint8Array.from([9]), 1)).toBe("counts of minutes of version 9");
    await minutes.flush();
    expect(rows).toEqual([]);
  });
});

// helpers

type Row = Readonly<Record<string, Cell>>;

function rowsOf() {
  const rows: Row[] = [];
  const minutes = createMinuteRows({
    write: async (table, written) => {
      if (table === "endpoint_minutes" || table === "actor_minutes") rows.push(...written);
    },
  });
  return { minutes, rows };
}

/** Without what says where it was counted. The class of a place is that of its latest event. */
function counted({ partition: _p, part: _a, version: _v, endpointClass: _c, ...rest }: Row): string {
  return JSON.stringify(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function sorted(rows: readonly string[]): string[] {
  return rows.toSorted();
}
