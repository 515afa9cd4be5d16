import { expect, test } from "vitest";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { exampleBaselines } from "../../src/detect/example-baselines.ts";
import type { Example } from "../../src/detect/define-detector.ts";
import { detectConfig } from "../../src/detect/detect-config.ts";
import { DetectStage } from "../../src/detect/detect-stage.ts";
import type { ActiveDetector } from "../../src/detect/plan.ts";
import { exampleEvents } from "../../src/detect/run-example.ts";
import { shippedDetectors } from "../support/run-engine.ts";
import { sealedOf, tallySystem } from "../support/run-tallies.ts";
import { TestClock } from "../support/test-clock.ts";

// Events that two partitions had, counted into tallies and put together by three engines with a part of
// the keys each, give what one engine finds that sees all of them. All is long over: so nothing is judged on
// change, which depends on when it is looked at.

test.for(shippedDetectors.map(({ definition }) => [definition.id, definition] as const))(
  "%s finds in tallies what it finds in events",
  { timeout: 60_000 },
  ([, definition]) => {
    for (const example of definition.examples) {
      const params = definition.params.parse(example.params ?? {});
      const detectors = [{ definition, params, mode: "active" as const }];
      const events = exampleEvents(example);
      const whole = seenWhole(detectors, events, example);
      expect({ example: example.name, fires: whole.length > 0 }).toEqual({
        example: example.name,
        fires: example.fires,
      });
      expect(seenInTallies(detectors, events, example)).toEqual(whole);
    }
  },
);

// helpers

function seenWhole(detectors: readonly ActiveDetector[], events: readonly AccessEvent[], example: Example) {
  const config = detectConfig.parse({ clients: 4096, firstSeenValues: 4096 });
  const stage = new DetectStage({ detectors, config, clock: afterAll(events), onMuted: () => {} });
  stage.baselines.load(exampleBaselines(example.baselines).save());
  const found = stage.engine.process({ partition: "whole", events, takenAt: (i) => events[i]!.time });
  return sealedOf([...found, ...stage.finish()]);
}

/** One event in three is another partition's; they are handed over by turns, so that one is up to two minutes ahead. */
function seenInTallies(detectors: readonly ActiveDetector[], events: readonly AccessEvent[], example: Example) {
  const clock = afterAll(events);
  const baselines = exampleBaselines(example.baselines);
  const system = tallySystem({ detectors, partitions: ["a", "b"], parts: 3, clock, baselines });
  const found = [];
  for (let from = 0; from < events.length; from += 7) {
    const some = events.slice(from, from + 7);
    system.add("a", some.filter((_, i) => (from + i) % 3 !== 0)); // prettier-ignore
    system.add("b", some.filter((_, i) => (from + i) % 3 === 0)); // prettier-ignore
    if (from % 5 === 0) found.push(...system.flush("a"));
    if (from % 4 === 0) found.push(...system.flush("b"));
  }
  found.push(...system.flush("a"), ...system.flush("b"), ...system.finish());
  return sealedOf(found);
}

function afterAll(events: readonly AccessEvent[]): TestClock {
  return new TestClock(events.at(-1)!.time + 86_400_000);
}
