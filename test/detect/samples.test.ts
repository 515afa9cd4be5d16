import { deserialize, serialize } from "node:v8";
import { expect, test } from "vitest";
import { evidenceOf, type Sample } from "../../src/detect/sample.ts";
import { Samples, type SavedRings } from "../../src/detect/samples.ts";
import { endpointClasses, type EndpointClass } from "../../src/normalize/access-event.ts";
import { anEvent } from "../support/an-event.ts";

const start = Date.UTC(2026, 7, 22, 9);

function aSample(endpointClass: EndpointClass, hash: number): Sample {
  const event = evidenceOf(anEvent({ time: start, endpointClass, requestId: `${hash}` }));
  return { time: start, hash, detectors: [0], owner: undefined, event };
}

test("page views, however many, take no sign-in's place", () => {
  const samples = new Samples(16);
  const signIn = samples.put(aSample("login", 1));
  const firstView = samples.put(aSample("catalog", 2));
  for (let i = 0; i < 100; i++) samples.put(aSample("catalog", 3 + i));
  expect(samples.get(signIn)?.hash).toBe(1);
  expect(samples.get(firstView)).toBeUndefined();
});

test("every class has numbers of its own, and none is 0", () => {
  const samples = new Samples(16);
  const numbers = endpointClasses.map((endpointClass, i) => samples.put(aSample(endpointClass, i)));
  expect(new Set(numbers).size).toBe(endpointClasses.length);
  expect(Math.min(...numbers)).toBeGreaterThan(0);
  expect(numbers.map((number) => samples.get(number)?.event.endpointClass)).toEqual(endpointClasses);
  expect(samples.get(0)).toBeUndefined();
});

test("the largest number still fits 32 bits, and finds its sample", () => {
  const samples = new Samples(16);
  const saved = samples.save().map((ring) => ({ ...ring, next: 2 ** 27 - 1, chunks: [] }));
  samples.load(saved, (set) => set);
  for (let i = 0; i < 20; i++) {
    const number = samples.put(aSample("other", i));
    expect(Uint32Array.of(number)[0]).toBe(number);
    expect(samples.get(number)?.hash).toBe(i);
  }
});

test("what was saved keeps its numbers", () => {
  const samples = new Samples(16);
  const numbers = endpointClasses.map((endpointClass, i) => samples.put(aSample(endpointClass, i)));
  const loaded = new Samples(16);
  loaded.load(deserialize(serialize(samples.save())) as SavedRings, (set) => set);
  expect(numbers.map((number) => loaded.get(number))).toEqual(numbers.map((number) => samples.get(number)));
});
