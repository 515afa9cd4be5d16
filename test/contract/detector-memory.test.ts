import { expect, test } from "vitest";
import type { DetectEngine } from "../../src/detect/detect-engine.ts";
import type { DetectorDefinition } from "../../src/detect/define-detector.ts";
import type { Dimension } from "../../src/detect/dimension.ts";
import { exampleEvents } from "../../src/detect/run-example.ts";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { active, anEngine, shippedDetectors } from "../support/run-engine.ts";
import { TestClock } from "../support/test-clock.ts";

/**
 * What one detector may cost of each key that was seen once, where there may be millions of them
 * (clients, users, sessions). Detectors with the same key share its row, so that all together cost far
 * less than the sum.
 */
const bytesPerKey = 128;
/** Tables of keys with few values (countries, routes) have 4,096 rows: so much for all of a detector's. */
const bytesOfFew = 3 * 1024 ** 2;
/** Busy keys have a ring of buckets in each window, and there is a bound of rings: so much for one. */
const bytesPerRing = 16 * 1024;

/** Rows of a table, unless its keys have few values. */
const clients = 16_384;

test.for(shippedDetectors.map(({ definition }) => [definition.id, definition] as const))(
  "%s keeps within its budget, and keeps no more keys than it has rows for",
  ([, definition]) => {
    const { engine, process } = anEngineFor(definition);
    process(strangers(definition, { count: clients, from: 0 }));
    const full = bytesOf(engine);
    expect(full.observed).toBeGreaterThan(0);
    expect(full.perKey).toBeLessThanOrEqual(bytesPerKey);
    expect(full.ofFew).toBeLessThanOrEqual(bytesOfFew);
    // Twice as many again: of hundreds of thousands of keys a table's worth is kept.
    process(strangers(definition, { count: 2 * clients, from: clients }));
    const later = bytesOf(engine);
    expect(later.perKey).toBeLessThanOrEqual(bytesPerKey);
    expect(later.ofFew).toBeLessThanOrEqual(bytesOfFew);
  },
);

test.for(shippedDetectors.map(({ definition }) => [definition.id, definition] as const))(
  "%s gives a busy key no more than its rings",
  ([, definition]) => {
    const { engine, process } = anEngineFor(definition);
    const [example] = strangers(definition, { count: 1, from: 0 }) as [AccessEvent];
    process(Array.from({ length: 2_000 }, (_, i) => ({ ...example, time: example.time + 250 * i })));
    for (const lane of engine.spaces.flatMap(({ lanes }) => lanes)) {
      expect(lane.bytes.rings).toBeLessThanOrEqual(lane.rings.used * bytesPerRing);
    }
  },
);

// helpers

function anEngineFor(definition: DetectorDefinition) {
  const clock = new TestClock(exampleOf(definition).time);
  return anEngine({ detectors: [active(definition)], clients, clock });
}

/** Without the rings of busy keys. `observed`: what was kept of single events. */
function bytesOf({ spaces }: DetectEngine) {
  let [perKey, ofFew, observed] = [0, 0, 0];
  for (const { table, lanes, observations } of spaces) {
    const all = lanes.reduce((sum, lane) => sum + lane.bytes.rows, table.bytes + observations.bytes);
    if (table.capacity < clients) ofFew += all;
    else perKey += all / table.capacity;
    observed += table.used;
  }
  return { perKey, ofFew, observed };
}

/** An event that a detector counts: its first example's. */
function exampleOf({ examples }: DetectorDefinition): AccessEvent {
  return exampleEvents(examples.find(({ fires }) => fires)!)[0]!;
}

/** So many of those, a millisecond apart, each with a key of its own. */
function strangers(definition: DetectorDefinition, { count, from }: { count: number; from: number }): AccessEvent[] {
  const example = exampleOf(definition);
  const keys = [definition.key, ...Object.values(definition.counters).map(({ scope }) => scope.key ?? [])].flat();
  return Array.from({ length: count }, (_, i) => {
    const n = from + i;
    return keys.reduce((event, dimension) => ({ ...event, ...otherKey(event, dimension, n) }), {
      ...example,
      time: example.time + n,
    });
  });
}

/** The fields that give an event another key; each `n` another. */
function otherKey(event: AccessEvent, dimension: Dimension, n: number): Partial<AccessEvent> {
  const client = `52.${(n >> 14) & 255}.${(n >> 6) & 255}.${(n & 63) * 4}`;
  switch (dimension) {
    case "actor":
      return otherKey(event, event.userId !== undefined ? "userId" : event.apiKey ? "apiKey" : "clientIp", n);
    case "clientIp":
    case "network":
      return { clientIp: client, clientKey: client };
    case "route":
      return { route: `/v${n}${event.route}`, path: `/v${n}${event.path}` };
    case "asn":
      return { asn: n };
    case "endpointClass":
      return {};
    case "sku":
    case "promoCode":
    case "cardBin":
    case "nonce":
    case "provider":
      return { attributes: { ...event.attributes, [dimension]: `a-${n}` } };
    default:
      return { [dimension]: `${dimension}-${n}` };
  }
}
