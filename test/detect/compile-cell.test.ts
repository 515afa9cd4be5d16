import { describe, expect, test } from "vitest";
import { always, indexDetectors } from "../../src/detect/cells.ts";
import { count, distinct, last, max, quantile, sum } from "../../src/detect/counters.ts";
import { detectConfig } from "../../src/detect/detect-config.ts";
import { EventReading } from "../../src/detect/event-reading.ts";
import { loadDetectors } from "../../src/detect/load-detectors.ts";
import { bindDetectors } from "../../src/detect/plan.ts";
import { Samples } from "../../src/detect/samples.ts";
import { slotValue } from "../../src/detect/slot.ts";
import { buildTables } from "../../src/detect/tables.ts";
import { kindNumber } from "../../src/detect/where.ts";
import { shippedPath } from "../../src/shipped-path.ts";
import { aDetector } from "../support/a-detector.ts";
import { anEvent } from "../support/an-event.ts";
import { hostileEvents } from "../support/hostile-events.ts";
import { active } from "../support/run-engine.ts";

const config = detectConfig.parse({});

/** What a cell says of an event when each slot is asked by itself, as text that can be compared. */
function asked(cell: ReturnType<typeof indexDetectors>[number], event: ReturnType<typeof anEvent>) {
  const passes = (t: number) => t === always || cell.tests[t]!(event);
  return cell.work.map(({ slots, judges }) => ({
    values: slots.flatMap(({ slot, test }): unknown[] => {
      const value = passes(test) ? slotValue(slot.counter, event) : undefined;
      if (value === undefined) return [];
      return slot.width === 0 ? [slot.bit] : [[slot.bit, typeof value === "number" ? value : value.map((v) => v ?? 0)]];
    }),
    evidence: judges.reduce((bits, { bit, test }) => (passes(test) ? bits | bit : bits), 0),
  }));
}

/** The same by the cell's code. */
function read(reading: EventReading, cell: Parameters<typeof asked>[0], event: Parameters<typeof asked>[1]) {
  reading.read(event, cell);
  return cell.work.map(({ slots }, w) => {
    const { mask, values } = reading.take(w) ? reading.scratch : { mask: 0, values: [] };
    return {
      values: slots.flatMap(({ slot }): unknown[] => {
        if ((mask & slot.bit) === 0) return [];
        if (slot.width === 0) return [slot.bit];
        if (slot.kind !== "last") return [[slot.bit, values[slot.at]]];
        const length = slot.counter.kind === "last" ? slot.counter.of(event).length : 0;
        return [[slot.bit, [...values.slice(slot.at, slot.at + length)]]];
      }),
      evidence: reading.evidenceFor(w),
    };
  });
}

function planOf(detectors: Parameters<typeof bindDetectors>[0]) {
  return bindDetectors(detectors, buildTables({ config: { ...config, clients: 32 }, ring: new Samples(1) }));
}

describe("a cell's code says the same as asking each slot", () => {
  test("of every shipped detector, and hostile events", async () => {
    const { detectors } = await loadDetectors([shippedPath("detectors")]);
    const bound = planOf(detectors.map(({ definition }) => active(definition)));
    const reading = new EventReading();
    let seen = 0;
    for (const method of ["GET", "POST", undefined]) {
      const cells = indexDetectors(bound, method);
      for (const event of hostileEvents({ method: method && [method] } as never, { seed: 3, count: 3_000 })) {
        const cell = cells[kindNumber(event)]!;
        expect(read(reading, cell, event)).toEqual(asked(cell, event));
        seen += cell.work.length;
      }
    }
    expect(seen).toBeGreaterThan(10_000);
  });

  test("of each kind of counter, where a test fails or a value is missing", () => {
    const detector = aDetector({
      where: {},
      counters: {
        all: count(),
        slow: count((e) => (e.durationMs ?? 0) > 100),
        hosts: distinct((e) => e.host),
        numbers: distinct((e) => e.status, (e) => e.status > 300),
        total: sum((e) => e.responseBytes),
        most: max((e) => e.durationMs, (e) => e.method === "GET"),
        p99: quantile((e) => e.durationMs, 0.99, undefined, { key: ["route"] }),
        places: last(2, (e) => [e.latitude, e.longitude]),
      },
      evidence: (e) => e.status === 401,
    }); // prettier-ignore
    const cells = indexDetectors(planOf([active(detector)]));
    const reading = new EventReading();
    const event = (of: Partial<ReturnType<typeof anEvent>>) => anEvent({ ...of });
    const events = [
      event({ status: 401, durationMs: 250, host: "shop.example", responseBytes: 12, latitude: 1, longitude: 2 }),
      event({ status: 200, durationMs: undefined, host: undefined, responseBytes: undefined, latitude: 1 }),
      event({ status: 302, durationMs: Number.NaN, host: "", method: "GET", latitude: Infinity, longitude: 0 }),
    ];
    for (const one of events) {
      const cell = cells[kindNumber(one)]!;
      expect(read(reading, cell, one)).toEqual(asked(cell, one));
    }
  });
});

test("a predicate is asked once of an event, and a value that nothing wants is not taken", () => {
  const calls: string[] = [];
  const isSlow = (e: ReturnType<typeof anEvent>) => (calls.push("test"), (e.durationMs ?? 0) > 100);
  const host = (e: ReturnType<typeof anEvent>) => (calls.push("value"), e.host);
  const detector = aDetector({ where: {}, counters: { slow: count(isSlow), hosts: distinct(host, isSlow) }, evidence: isSlow }); // prettier-ignore
  const cells = indexDetectors(planOf([active(detector)]));
  const reading = new EventReading();
  const [fast, slow] = [10, 500].map((durationMs) => anEvent({ durationMs, host: "shop.example" }));
  const cell = cells[kindNumber(fast!)]!;
  reading.read(slow!, cell);
  calls.length = 0;
  reading.read(slow!, cell);
  reading.read(fast!, cell);
  expect(calls).toEqual(["test", "value", "test"]);
});
