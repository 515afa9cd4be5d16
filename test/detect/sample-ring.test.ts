import * as fc from "fast-check";
import { deserialize, serialize } from "node:v8";
import { describe, expect, test } from "vitest";
import type { DetectorSet } from "../../src/detect/detector-sets.ts";
import { evidenceOf, type Sample } from "../../src/detect/sample.ts";
import { SampleRing, type SavedSamples } from "../../src/detect/sample-ring.ts";
import { anEvent } from "../support/an-event.ts";

const start = Date.UTC(2026, 7, 22, 9);
const ids = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("ff16a5abd3d40894e72a71902e9b3f0b", "FF16A5ABD3D40894E72A71902E9B3F0B", "ff16a5abd3d4089", ""),
  // Nearly such an id, longer than a byte tells, and just as long in characters but not in bytes.
  fc.constantFrom(
    "1g16a5abd3d40894e72a71902e9b3f0b",
    "ff16a5abd3d40894e72a71902e9b3f0G",
    "a".repeat(300),
    "é".repeat(127),
  ),
);
const maybe = <T>(given: fc.Arbitrary<T>) => fc.option(given, { nil: undefined });

const samples: fc.Arbitrary<Sample> = fc
  .record({
    time: fc.integer({ min: 0, max: 2 ** 45 }),
    hash: fc.nat({ max: 2 ** 32 - 1 }),
    detectors: fc.constantFrom<DetectorSet>([], [3], [0, 70, 131]),
    owner: maybe(fc.constantFrom("storefront", "identity")),
    clientIp: maybe(fc.constantFrom("203.0.113.7", "2001:db8::1")),
    clientKey: maybe(fc.constantFrom("203.0.113.7", "2001:db8::/64")),
    path: fc.constantFrom("/api/login", "/api/products/é"),
    userId: maybe(ids),
    country: maybe(fc.constantFrom("DE", "NL")),
    userAgent: maybe(ids),
    requestId: maybe(ids),
    status: fc.constantFrom(200, 401),
  })
  .map(({ hash, detectors, owner, ...of }) => ({
    ...{ time: of.time, hash, detectors, owner },
    event: evidenceOf(anEvent({ ...of, route: "/api/login" })),
  }));

function numbered(requestId: number): Sample {
  const event = evidenceOf(anEvent({ time: start, requestId: `${requestId}` }));
  return { time: start, hash: requestId, detectors: [0], owner: undefined, event };
}

test("gives samples back as they were, to the order of their fields", () => {
  fc.assert(
    fc.property(fc.array(samples, { maxLength: 40 }), (given) => {
      const ring = new SampleRing(16);
      const at = given.map((sample) => ring.put(sample));
      const newest = given.slice(-16);
      const found = at.slice(-16).map((number) => ring.get(number));
      expect(found).toStrictEqual(newest);
      expect(JSON.stringify(found)).toBe(JSON.stringify(newest));
    }),
  );
});

test.for([1, 16, 65_536])("of %i places the newest are kept, and no others", (size) => {
  const ring = new SampleRing(size);
  const at = Array.from({ length: size + 10_000 }, (_, i) => ring.put(numbered(i)));
  const found = at.map((number) => ring.get(number)?.hash);
  expect(found.slice(0, -size)).toEqual(Array.from({ length: 10_000 }));
  expect(found.slice(-size)).toEqual(at.slice(-size).map((_, i) => 10_000 + i));
  expect(ring.get(0)).toBeUndefined();
});

test("a number that none has yet stands for none", () => {
  const ring = new SampleRing(16);
  expect(ring.get(1)).toBeUndefined();
  const at = ring.put(numbered(1));
  expect([at + 1, at + 2].map((next) => ring.get(next))).toEqual([undefined, undefined]);
});

test("a sample that several rows share is kept once", () => {
  const ring = new SampleRing(16);
  const one = numbered(1);
  expect(ring.put(one)).toBe(ring.put(one));
  expect(ring.put(numbered(2))).not.toBe(ring.put(one));
});

test("long paths take no more than their share of memory", () => {
  const ring = new SampleRing(8_192);
  const path = `/${"x".repeat(8_000)}`;
  for (let i = 0; i < 20_000; i++) {
    const sample = numbered(i);
    ring.put({ ...sample, event: { ...sample.event, path } });
  }
  expect(ring.bytes).toBeLessThan(8_192 * 512 + 4_096 * 8_100);
});

describe("what was saved", () => {
  const copied = (ring: SampleRing) => deserialize(serialize(ring.save())) as SavedSamples;

  test("keeps its numbers, by the detectors as they are numbered now", () => {
    fc.assert(
      fc.property(fc.array(samples, { maxLength: 40 }), fc.array(samples, { maxLength: 40 }), (before, after) => {
        const ring = new SampleRing(16);
        const at = before.map((sample) => ring.put(sample));
        const loaded = new SampleRing(16);
        loaded.load(copied(ring), (set) => set.map((index) => index + 1));
        const moved = before.map((sample) => ({ ...sample, detectors: sample.detectors.map((index) => index + 1) }));
        expect(at.slice(-16).map((number) => loaded.get(number))).toEqual(moved.slice(-16));
        const more = after.map((sample) => loaded.put(sample));
        expect(more.slice(-16).map((number) => loaded.get(number))).toEqual(after.slice(-16));
      }),
    );
  });

  test("keeps its places however often it is loaded", () => {
    let ring = new SampleRing(16_384);
    const at = Array.from({ length: 10 }, (_, i) => {
      const number = ring.put(numbered(i));
      const saved = copied(ring);
      ring = new SampleRing(16_384);
      ring.load(saved, (set) => set);
      return number;
    });
    expect(at.map((number) => ring.get(number)?.hash)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("goes on beyond the largest number", () => {
    const ring = new SampleRing(16);
    ring.load({ next: 2 ** 27 - 20, chunks: [] }, (set) => set);
    const at = Array.from({ length: 40 }, (_, i) => ring.put(numbered(i)));
    expect(at).not.toContain(0);
    expect(Math.max(...at)).toBe(2 ** 27 - 1);
    expect(at.map((number) => ring.get(number)?.hash).slice(-15)).toEqual(at.slice(-15).map((_, i) => 25 + i));
  });
});
