import { deserialize, serialize } from "node:v8";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { count, type DetectorDefinition, distinct, type Known } from "../../src/detect/define-detector.ts";
import { loadDetect, saveDetect, type SavedDetect } from "../../src/detect/detect-state.ts";
import type { Detection } from "../../src/detect/detection.ts";
import { KeyTable } from "../../src/detect/key-table.ts";
import { Population, type SavedPopulation } from "../../src/detect/population.ts";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { aDetector } from "../support/a-detector.ts";
import { anEvent } from "../support/an-event.ts";
import { active, anEngine } from "../support/run-engine.ts";
import { TestClock } from "../support/test-clock.ts";

const start = Date.parse("2026-08-22T09:00:00.000Z");
const minute = 60_000;
const hour = 60 * minute;
const route = "/orders/{id}";

/** Rows 0 to 199, each somebody's. */
function aPopulation(q = 0.99) {
  const keys = new KeyTable(256, { onEvict: () => {}, isPinned: () => false });
  for (let row = 0; row < 200; row++) keys.lo[row] = Math.imul(row + 1, 0x9e3779b1) >>> 0;
  return { keys, usual: new Population({ keys, q }) };
}

/** Actors who each did so much, in the minute that begins `at` ms after the start; then that minute is over. */
function act(usual: Population, figures: readonly number[], at = 0): void {
  usual.publish(start + at);
  figures.forEach((figure, row) => usual.add({ row, route }, figure, start + at + 10_000));
}

describe("what is usual", () => {
  test("is told from the next minute on, and from fifty actors on", () => {
    const { usual } = aPopulation(0.5);
    act(
      usual,
      Array.from({ length: 60 }, () => 10),
    );
    expect(usual.at(route)).toEqual({ known: false, value: 0 });
    usual.publish(start + minute);
    expect(Math.abs(usual.at(route).value - 10)).toBeLessThan(0.21);
    expect(usual.at("/other")).toEqual({ known: false, value: 0 });

    const few = aPopulation().usual;
    act(
      few,
      Array.from({ length: 30 }, () => 10),
    );
    few.publish(start + minute);
    expect(few.at(route).known).toBe(false);
  });

  test("takes each actor's largest figure of an hour once", () => {
    const { usual } = aPopulation(0.5);
    for (let i = 0; i < 5; i++) act(usual, Array.from({ length: 100 }, (_, row) => (row < 60 ? i + 1 : 20)), i * minute); // prettier-ignore
    usual.publish(start + 5 * minute);
    expect(Math.abs(usual.at(route).value - 5)).toBeLessThan(0.11);
  });

  test("is never what one actor alone does", () => {
    const { usual } = aPopulation();
    act(usual, [5_000, ...Array.from({ length: 59 }, () => 10)]);
    usual.publish(start + minute);
    expect(Math.abs(usual.at(route).value - 10)).toBeLessThan(0.21);
  });

  test("leaves out who fires, and what that one had done within the hour", () => {
    const { usual } = aPopulation(0.9);
    const half = Array.from({ length: 100 }, (_, row) => (row < 50 ? 10 : 900));
    act(usual, half);
    for (let row = 50; row < 100; row++) usual.leaveOut({ row, route }, start + 20_000, 2 * minute);
    usual.publish(start + minute);
    expect(usual.at(route).value).toBeLessThan(11);
    // Not counted again while it is not quiet, and again after that.
    act(usual, half, 1 * minute);
    usual.publish(start + 2 * minute);
    expect(usual.at(route).value).toBeLessThan(11);
    act(usual, half, 3 * minute);
    usual.publish(start + 4 * minute);
    expect(usual.at(route).value).toBeGreaterThan(800);
  });

  test("forgets what was a day ago", () => {
    const { usual } = aPopulation(0.5);
    act(
      usual,
      Array.from({ length: 100 }, () => 10),
    );
    act(usual, Array.from({ length: 100 }, () => 50), 22 * hour); // prettier-ignore
    usual.publish(start + 22 * hour + minute);
    expect(usual.at(route).value).toBeLessThan(11);
    usual.publish(start + 24 * hour + minute);
    expect(usual.at(route).value).toBeGreaterThan(48);
    usual.publish(start + 60 * hour);
    expect(usual.at(route).known).toBe(false);
  });

  test("a row that was given to another is another's", () => {
    const { usual, keys } = aPopulation(0.5);
    act(
      usual,
      Array.from({ length: 60 }, () => 10),
    );
    usual.leaveOut({ row: 0, route }, start + 20_000, hour);
    keys.lo[0] = 77;
    act(usual, [40], minute);
    usual.publish(start + 2 * minute);
    expect((usual.save([0]).routes[0]!.hours[0]!.counts.at(-2) ?? 0) > 0).toBe(true);
  });

  test("has rows to be saved again when their figures change, or they are left out", () => {
    const { usual, keys } = aPopulation();
    act(usual, [10, 20, 30]);
    expect(keys.changed.take()).toEqual([0, 1, 2]);
    usual.add({ row: 1, route }, 15, start + 20_000); // no more than before
    expect(keys.changed.take()).toEqual([]);
    usual.add({ row: 1, route }, 25, start + 20_000);
    usual.leaveOut({ row: 2, route }, start + 20_000, minute);
    expect(keys.changed.take()).toEqual([1, 2]);
  });

  test("is of at most 1,024 routes", () => {
    const { usual } = aPopulation();
    usual.publish(start);
    for (let i = 0; i < 1_100; i++) usual.add({ row: i % 200, route: `/r/${i}` }, 5, start + 10_000);
    expect(usual.save([]).routes).toHaveLength(1_024);
  });

  test("is the same whatever the order within a minute, and after it was saved", () => {
    const adds = fc.array(fc.record({ row: fc.nat({ max: 99 }), figure: fc.integer({ min: 1, max: 500 }), fires: fc.boolean() }), { minLength: 60, maxLength: 120 }); // prettier-ignore
    fc.assert(
      fc.property(fc.array(adds, { minLength: 1, maxLength: 4 }), fc.nat(), (minutes, seed) => {
        let one = aPopulation(0.9).usual;
        const other = aPopulation(0.9).usual;
        minutes.forEach((given, m) => {
          const at = start + m * 20 * minute;
          // Of each actor once in a bucket.
          const once = [...new Map(given.map((add) => [add.row, add])).values()];
          const mixed = once.toSorted((a, b) => ((a.row * seed) % 89) - ((b.row * seed) % 89));
          for (const [usual, list] of [[one, once], [other, mixed]] as const) {
            usual.publish(at);
            for (const { row, figure, fires } of list)
              if (fires) usual.leaveOut({ row, route }, at + 5_000, minute);
              else usual.add({ row, route }, figure, at + 5_000);
          }
          const rows = Array.from({ length: 100 }, (_, row) => row);
          const saved = deserialize(serialize(one.save(rows))) as SavedPopulation;
          one = aPopulation(0.9).usual;
          one.loadRows(saved, Int32Array.from(rows));
          one.loadRoutes(saved);
          for (const usual of [one, other]) usual.publish(at + minute);
          expect(one.at(route)).toEqual(other.at(route));
        });
      }),
      { numRuns: 40 },
    );
  }); // prettier-ignore
});

describe("a detector that compares", () => {
  /** Fires at thirty different orders, and three times what is usual. */
  const enumeration = aDetector({
    ...{ id: "enumeration", where: { endpointClass: ["order"] }, key: ["route", "userId"], window: "10m" },
    ...{ evidence: undefined, target: () => undefined, population: { counter: "orders", quantile: 0.99 } },
    counters: { orders: distinct((e) => e.path), requests: count() },
    fires: (figures, _p, { population }) =>
      population.known && (figures["orders"] as unknown as Known).value >= Math.max(30, 3 * population.value),
    summary: (figures) => `${(figures["orders"] as unknown as Known).value} orders`,
  });
  const read = (at: number, userId: string, order: number): AccessEvent =>
    anEvent({
      time: start + at,
      route,
      path: `/orders/${order}`,
      endpointClass: "order",
      userId,
      requestId: `${at}${userId}`,
    });
  /** Eighty customers look at up to `orders` of their orders, within two minutes. */
  const customers = (from: number, orders: number) =>
    Array.from({ length: 80 }, (_, i) => i).flatMap((i) =>
      Array.from({ length: 1 + (i % orders) }, (_, k) => read(from + i * 1_000 + k * 300, `user-${i}`, i * 100 + k)),
    );
  const thief = (from: number, orders: number) =>
    Array.from({ length: orders }, (_, i) => read(from + i * 400, "mallory", 9_000 + i));

  const engineOf = (definition: DetectorDefinition) =>
    anEngine({ detectors: [active(definition)], clock: new TestClock(start) });
  const sealed = (told: readonly Detection[]) => [
    ...new Set(told.filter((one) => one.sealed).map(({ id, firedAt }) => `${id} ${(firedAt - start) / 1000}`)),
  ];
  const run = (events: readonly AccessEvent[]) => {
    const { process, engine } = engineOf(enumeration);
    return [...process(events.toSorted((a, b) => a.time - b.time)), ...engine.finish()];
  };

  test("finds who is far beyond the others, on change as well", () => {
    const told = run([...customers(0, 5), ...thief(300_000, 60)]);
    expect(told[0]).toMatchObject({ sealed: false, state: "open", key: { userId: "mallory" } });
    expect(sealed(told)).toHaveLength(1);
  });

  test("finds nobody where others do as much, or where there are too few of them", () => {
    expect(run([...customers(0, 25), ...thief(300_000, 60)])).toEqual([]);
    expect(run([...customers(0, 5).slice(0, 60), ...thief(300_000, 60)])).toEqual([]);
  });

  test("knows what is usual from the next full minute on", () => {
    // Sixty customers are there after a minute; the thief has been at it since the beginning.
    const told = run([...customers(0, 1), ...thief(20_000, 180)]);
    const fired = told.filter((one) => one.sealed).map(({ firedAt }) => (firedAt - start) / 1000);
    expect(Math.min(...fired)).toBe(70);
  });

  test("goes on finding while it lasts: an attack doesn't become usual", () => {
    const long = Array.from({ length: 20 }, (_, i) => thief(300_000 + i * 180_000, 60)).flat();
    const told = run([...customers(0, 5), ...long]);
    expect(sealed(told)).toHaveLength(1);
    expect(told.at(-1)!.lastSeen - start).toBeGreaterThan(3_600_000);
  });

  describe("depends on the events alone", () => {
    const events = [
      ...customers(0, 1),
      ...thief(20_000, 180),
      ...thief(450_000, 60),
      ...customers(400_000, 9),
      ...thief(900_000, 70),
    ];
    const inOrder = events.toSorted((a, b) => a.time - b.time);
    const expected = sealed(run(events));

    test("there is something to compare", () => expect(expected.length).toBeGreaterThan(0));

    test("not on order within the lateness, or how it is split", () => {
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 9_000 }), fc.integer({ min: 1, max: 60 }), (spread, size) => {
          const { process, engine } = engineOf(enumeration);
          const late = inOrder
            .map((event, i) => ({ event, at: event.time + ((i * 7_919) % spread) }))
            .sort((a, b) => a.at - b.at)
            .map(({ event }) => event);
          const told: Detection[] = [];
          for (let at = 0; at < late.length; at += size) told.push(...process(late.slice(at, at + size)));
          expect(sealed([...told, ...engine.finish()])).toEqual(expected);
        }),
        { numRuns: 40 },
      );
    });

    test.for([100, 260, 300, 420, 700])("nor on a restart after %i events", (crash) => {
      const first = engineOf(enumeration);
      const told = [...first.process(inOrder.slice(0, crash))];
      const second = engineOf(enumeration);
      loadDetect(second, deserialize(serialize(saveDetect(first))) as SavedDetect);
      const all = [...told, ...second.process(inOrder.slice(crash)), ...second.engine.finish()];
      expect(sealed(all)).toEqual(expected);
    });
  });
});
