import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type AccessEvent, endpointClasses, outcomes } from "../../src/normalize/access-event.ts";
import { EventColumnsReader } from "../../src/normalize/event-columns-reader.ts";
import { EventColumnsWriter, transferable } from "../../src/normalize/event-columns.ts";
import { anEvent } from "../support/an-event.ts";

/** As another thread gets them. */
function sent(writer: EventColumnsWriter, events: readonly AccessEvent[]) {
  const columns = writer.write({ events, offsets: events.map((_, i) => i * 3), indexes: events.map((_, i) => i) });
  return structuredClone(columns, { transfer: transferable(columns) });
}

const maybe = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: undefined });
const text = fc.oneof(fc.constant(""), fc.constant("203.0.113.7"), fc.string({ unit: "binary", maxLength: 20 }));
const word = fc.oneof(fc.constantFrom("GET", "/a", "/b"), fc.string({ maxLength: 3 }));
const number = fc.oneof(fc.integer(), fc.double({ noNaN: true }));

/** Every field is drawn, so that none is left out unnoticed. */
const event: fc.Arbitrary<AccessEvent> = fc.record({
  origin: fc.constantFrom("gateway", "shop"),
  time: number,
  startedAt: maybe(number),
  gateway: word,
  clientIp: maybe(text),
  clientKey: maybe(text),
  clientIpTrust: fc.constantFrom("certain", "guessed"),
  peerIp: maybe(text),
  method: word,
  host: maybe(word),
  path: text,
  route: word,
  endpointClass: fc.constantFrom(...endpointClasses),
  owner: maybe(word),
  listed: maybe(fc.boolean()),
  needsUser: maybe(fc.boolean()),
  deprecated: maybe(fc.boolean()),
  status: fc.nat(999),
  answeredBy: fc.constantFrom("gateway", "upstream", "unknown"),
  enforced: fc.boolean(),
  durationMs: maybe(number),
  upstreamMs: maybe(number),
  requestBytes: maybe(number),
  responseBytes: maybe(number),
  requestId: maybe(text),
  userId: maybe(text),
  role: maybe(word),
  apiKey: maybe(text),
  sessionId: maybe(text),
  deviceId: maybe(text),
  userAgent: maybe(word),
  country: maybe(word),
  asn: maybe(number),
  latitude: maybe(number),
  longitude: maybe(number),
  methodOverride: maybe(word),
  outcome: fc.constantFrom(...outcomes),
  attempt: fc.boolean(),
  attributes: maybe(fc.dictionary(word, text, { noNullPrototype: true })),
});

test("events are the same once they were columns, batch after batch", () => {
  const writer = new EventColumnsWriter();
  const reader = new EventColumnsReader();
  fc.assert(
    fc.property(fc.array(event, { maxLength: 6 }), (events) => {
      const read = reader.read(sent(writer, events));
      expect(read.events).toEqual(events);
      expect(read.offsets).toEqual(events.map((_, i) => i * 3));
      expect(read.indexes).toEqual(events.map((_, i) => i));
    }),
    { numRuns: 500 },
  );
});

test("an event has its fields in the order of all others", () => {
  const writer = new EventColumnsWriter();
  const read = new EventColumnsReader().read(sent(writer, [anEvent({})]));
  expect(Object.keys(read.events[0]!)).toEqual(Object.keys(anEvent({})));
});

test("words that a client makes up fill no table: they begin anew", () => {
  const writer = new EventColumnsWriter();
  const reader = new EventColumnsReader();
  const batches = Array.from({ length: 20 }, (_, batch) =>
    Array.from({ length: 1_000 }, (_, i) => anEvent({ userAgent: `Agent/${batch}.${i}`, method: "GET" })),
  );
  const anew = batches.filter((events) => {
    const columns = sent(writer, events);
    expect(reader.read(columns).events).toEqual(events);
    return columns.isAnew;
  });
  expect(anew).toHaveLength(2);
});
