import { expect, test } from "vitest";
import { count, isFailed } from "../../src/detect/define-detector.ts";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { aDetector } from "../support/a-detector.ts";
import { anEvent } from "../support/an-event.ts";
import { active, anEngine } from "../support/run-engine.ts";

const start = Date.parse("2026-08-22T09:00:00.000Z");
const failures = aDetector({ counters: { failures: count(isFailed), attempts: count() } });
/** Takes every login as its evidence, by another key. */
const curious = aDetector({ id: "curious", key: ["gateway"], counters: { all: count() }, evidence: () => true, fires: () => false }); // prettier-ignore

function login(second: number, outcome: "ok" | "failed"): AccessEvent {
  return anEvent({ time: start + second * 1000, endpointClass: "login", outcome, clientIp: "203.0.113.7" });
}

const events = [
  ...[0, 1, 2].map((second) => login(second, "failed")),
  ...[10, 20, 30, 40].map((second) => login(second, "ok")),
];

test("what a detector finds doesn't depend on which others look at the same events", () => {
  const [alone, together] = [[failures], [curious, failures]].map((definitions) => {
    const { engine, process } = anEngine({ detectors: definitions.map(active) });
    return [...process(events), ...engine.finish()];
  });
  expect(together).toEqual(alone);
  // The successes are no reason to look again: it ended with the last failure.
  expect(alone!.at(-1)).toMatchObject({ state: "closed", lastSeen: start + 3_000 });
});

test("a lane keeps samples, and waits to be judged, for its own detectors only", () => {
  const { engine, process } = anEngine({ detectors: [curious, failures].map(active) });
  process([login(0, "ok")]);
  const waiting = engine.spaces.map(({ dimensions, lanes }) => [dimensions.join(), lanes[0]!.hot.size]);
  expect(waiting).toEqual([
    ["gateway", 1],
    ["clientIp", 0],
  ]);
});
