import { deserialize, serialize } from "node:v8";
import { expect, test } from "vitest";
import { loadDetect, saveDetect, type SavedDetect } from "../../src/detect/detect-state.ts";
import type { Detection } from "../../src/detect/detection.ts";
import { aDetector } from "../support/a-detector.ts";
import { anEvent } from "../support/an-event.ts";
import { active, anEngine } from "../support/run-engine.ts";
import { TestClock } from "../support/test-clock.ts";

// The buckets of thousands of keys end at the same moment: more than are judged in one call.

const start = Date.UTC(2026, 7, 22, 9);
const clients = 9_000;
const address = (i: number) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;

const failures = Array.from({ length: 3 * clients }, (_, i) =>
  anEvent({
    ...{ time: start + (i % 900), clientIp: address(i % clients), requestId: `${i}` },
    ...{ endpointClass: "login", status: 401, outcome: "failed" },
  }),
);
/** Long enough after for the bucket to be over, and not for judging to be far behind. */
const later = (second: number) => [anEvent({ time: start + second * 1_000, clientIp: "203.0.113.9" })];

/** Everything long ago: nothing is judged on change. */
const aBacklog = () =>
  anEngine({ detectors: [active(aDetector())], clients: 65_536, clock: new TestClock(start + 3_600_000) });

const sealedKeys = (told: readonly Detection[]) =>
  told.filter(({ sealed }) => sealed).map(({ key }) => key["clientIp"]!);

test("all of them are judged, each once, over several calls", () => {
  const { process, engine } = aBacklog();
  expect(sealedKeys(process(failures))).toEqual([]);
  const calls: number[] = [];
  const found: string[] = [];
  for (let second = 12; second < 24; second++) {
    const keys = sealedKeys(process(later(second)));
    if (keys.length > 0) calls.push(keys.length);
    found.push(...keys);
  }
  expect(calls.length).toBeGreaterThan(1);
  expect(Math.max(...calls)).toBeLessThan(clients);
  expect(found.length).toBe(clients);
  expect(new Set(found).size).toBe(clients);
  expect(engine.judging.judgedUntil).toBe(engine.sealedUntil);
});

test("far behind, it doesn't wait for another call", () => {
  const { process } = aBacklog();
  process(failures);
  expect(sealedKeys(process(later(60)))).toHaveLength(clients);
});

test("the end judges what is left", () => {
  const { process, engine } = aBacklog();
  process(failures);
  const first = sealedKeys(process(later(12)));
  const rest = sealedKeys(engine.finish().filter(({ state }) => state === "open"));
  expect(first.length).toBeLessThan(clients);
  expect(new Set([...first, ...rest]).size).toBe(clients);
});

test("a restart in between loses none of them, and names them the same", () => {
  const one = aBacklog();
  one.process(failures);
  const told = [...one.process(later(12))];
  expect(sealedKeys(told).length).toBeLessThan(clients);
  const saved = deserialize(serialize(saveDetect(one))) as SavedDetect;
  const other = aBacklog();
  loadDetect(other, saved);
  for (let second = 13; second < 24; second++) told.push(...other.process(later(second)));
  const ids = new Map(told.filter(({ sealed }) => sealed).map(({ id, key }) => [id, key["clientIp"]]));
  expect(ids.size).toBe(clients);
  expect(new Set(ids.values()).size).toBe(clients);
});
