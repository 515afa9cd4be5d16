import { deserialize, serialize } from "node:v8";
import { expect, test } from "vitest";
import type { DetectorDefinition } from "../../src/detect/define-detector.ts";
import { saveDetect, type SavedDetect } from "../../src/detect/detect-state.ts";
import { figureOf } from "../../src/detect/judge.ts";
import { exampleEvents } from "../../src/detect/run-example.ts";
import { loadLane } from "../../src/detect/saved-lane.ts";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { anEngine, shippedDetectors } from "../support/run-engine.ts";
import { TestClock } from "../support/test-clock.ts";

// What two machines counted of the same keys, and one puts together, is what one would have counted of
// all events.

test.for(shippedDetectors.map(({ definition }) => [definition.id, definition] as const))(
  "%s counts in two halves what it counts as a whole",
  ([, definition]) => {
    const events = longest(definition);
    const whole = counted(definition, events);
    const half = counted(definition, events.filter((_, i) => i % 2 === 0)); // prettier-ignore
    const other = counted(definition, events.filter((_, i) => i % 2 === 1)); // prettier-ignore
    expect(figuresAt(half, events)).not.toEqual(figuresAt(whole, events));
    takeIn(half, sent(other));
    expect(figuresAt(half, events)).toEqual(figuresAt(whole, events));
  },
);

// helpers

type Counted = ReturnType<typeof anEngine>;

/** The events of the longest example that fires. */
function longest(definition: DetectorDefinition): AccessEvent[] {
  const firing = definition.examples.filter(({ fires }) => fires).map((example) => exampleEvents(example));
  return firing.reduce((a, b) => (b.length > a.length ? b : a));
}

function counted(definition: DetectorDefinition, events: readonly AccessEvent[]): Counted {
  const detectors = [{ definition, params: definition.params.parse({}), mode: "active" as const }];
  const parts = anEngine({ detectors, clients: 1024, clock: new TestClock(events[0]!.time) });
  parts.process(events);
  return parts;
}

/** As another machine would receive it. */
function sent(parts: Counted): SavedDetect {
  return deserialize(serialize(saveDetect(parts))) as SavedDetect;
}

/** What was counted elsewhere goes to what was counted here. */
function takeIn({ engine }: Counted, saved: SavedDetect): void {
  engine.spaces.forEach((space, s) => {
    const from = saved.spaces[s]!;
    const rows = Int32Array.from(from.lo, (lo, i) => {
      const age = { seen: from.seen[i]!, touches: from.touches[i]! };
      const row = space.table.restore({ hi: from.hi[i]!, lo }, age);
      const name = from.names.get(i);
      if (name !== undefined) space.names.set(row, name);
      return row;
    });
    space.lanes.forEach((lane, l) => {
      const onto = { rows, ids: saved.detectors, filled: new Set<never>(), sampleOf: <T>(sample: T) => sample };
      loadLane(lane, from.lanes[l]!, onto);
    });
  });
  if (saved.firsts) engine.firsts!.merge(saved.firsts);
}

/** Every figure of every key over the window that ends with the last event. */
function figuresAt({ engine }: Counted, events: readonly AccessEvent[]): Record<string, unknown> {
  const { counters } = engine.bound[0]!;
  const end = events.at(-1)!.time;
  const figures: Record<string, unknown> = {};
  for (const counter of counters) {
    const { dimensions, table } = counter.space;
    for (const row of table.live(0)) {
      const key = [counter.name, ...dimensions, table.hi[row], table.lo[row]].join(" ");
      figures[key] = rounded(figureOf(counter, row, counter.lane.bucketOf(end)));
    }
  }
  return figures;
}

/** Sums of fractions differ in their last digits with the order. */
function rounded(figure: unknown): unknown {
  return typeof figure === "number" ? Math.round(figure * 1e6) / 1e6 : figure;
}
