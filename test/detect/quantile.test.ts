import { deserialize, serialize } from "node:v8";
import { describe, expect, test } from "vitest";
import { count, type Known, quantile } from "../../src/detect/define-detector.ts";
import { loadDetect, saveDetect, type SavedDetect } from "../../src/detect/detect-state.ts";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { aDetector } from "../support/a-detector.ts";
import { anEvent } from "../support/an-event.ts";
import { active, anEngine } from "../support/run-engine.ts";
import { TestClock } from "../support/test-clock.ts";

const start = Date.parse("2026-08-22T09:00:00.000Z");

const slow = aDetector({
  ...{ id: "slow", where: {}, key: ["route"], window: "1m", evidence: undefined },
  counters: { requests: count(), p90: quantile((e) => e.durationMs, 0.9) },
  fires: (figures) => Number(figures["requests"]) >= 20 && (figures["p90"] as unknown as Known).value > 1_000,
  summary: (figures) => `p90 ${(figures["p90"] as unknown as Known).value} ms`,
  target: () => undefined,
});

/** One request every half a second; every fifth takes `slowMs`. */
function requests(n: number, slowMs: number | undefined): AccessEvent[] {
  return Array.from({ length: n }, (_, i) =>
    anEvent({ time: start + i * 500, durationMs: i % 5 === 0 ? slowMs : 20, requestId: `${i}` }),
  );
}

function engine() {
  return anEngine({ detectors: [active(slow)], clock: new TestClock(start) });
}

describe("a quantile", () => {
  test("fires once enough requests are slow, with a figure that is right within 2 %", () => {
    const { process, engine: own } = engine();
    const told = [...process(requests(60, 4_000)), ...own.finish()];
    expect(told[0]).toMatchObject({ detector: "slow", sealed: false, state: "open" });
    const figure = told.at(-1)!.counters["p90"]!;
    expect(Math.abs(figure - 4_000) / 4_000).toBeLessThan(0.021);
  });

  test("is not known where no event has the number", () => {
    const curious = { ...slow, fires: () => true };
    const { process, engine: own } = anEngine({ detectors: [active(curious)], clock: new TestClock(start) });
    const told = [...process([anEvent({ time: start, durationMs: undefined })]), ...own.finish()];
    expect(told.at(-1)!.counters).toEqual({ requests: 1, p90: null });
  });

  test("goes on from what was saved, quiet or promoted", () => {
    for (const half of [4, 40]) {
      const events = requests(60, 4_000);
      const straight = engine();
      const whole = [...straight.process(events), ...straight.engine.finish()].at(-1);
      const first = engine();
      first.process(events.slice(0, half));
      const second = engine();
      loadDetect(second, deserialize(serialize(saveDetect(first))) as SavedDetect);
      const told = [...second.process(events.slice(half)), ...second.engine.finish()].at(-1);
      expect(told).toEqual(whole);
    }
  });

  test("is judged on change at most ten times a second of a route", () => {
    let judged = 0;
    const counting = { ...slow, fires: () => judged++ < 0 };
    const { process } = anEngine({ detectors: [active(counting)], clock: new TestClock(start) });
    for (let i = 0; i < 1_000; i++) process([anEvent({ time: start + i, durationMs: 5 })]);
    expect(judged).toBe(10);
  });
});
