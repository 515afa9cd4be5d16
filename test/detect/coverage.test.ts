import { expect, test } from "vitest";
import { Coverage } from "../../src/detect/coverage.ts";
import type { DetectorDefinition } from "../../src/detect/define-detector.ts";
import { detectConfig } from "../../src/detect/detect-config.ts";
import { bindDetectors } from "../../src/detect/plan.ts";
import { Samples } from "../../src/detect/samples.ts";
import { buildTables } from "../../src/detect/tables.ts";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { aDetector } from "../support/a-detector.ts";
import { anEvent } from "../support/an-event.ts";
import { active } from "../support/run-engine.ts";

const needs = { required: ["clientIp", "outcome"], better: ["userId"] } as const;
const bound = bind(needs);
const client = { clientIp: "203.0.113.7", userId: "anna" };

test.for<[string, number, Partial<AccessEvent>, object]>([
  ["too little to say", 49, client, { state: "waiting", missing: [], events: 49 }],
  ["all it needs and more", 50, client, { state: "full", missing: [], events: 50 }],
  ["without what would make it surer", 50, { ...client, userId: undefined }, { state: "reduced", missing: ["userId"] }],
  ["without what it needs", 50, { ...client, clientIp: undefined }, { state: "blind", missing: ["clientIp"] }],
  ["an outcome that can't be told is none", 50, { ...client, outcome: "unknown" }, { state: "blind", missing: ["outcome"] }],
])("%s", ([, times, partial, expected]) => {
  const coverage = new Coverage(bound);
  for (let i = 0; i < times; i++) coverage.look(bound, anEvent(partial));
  expect(coverage.of(bound[0]!)).toMatchObject(expected);
}); // prettier-ignore

test("one event that has a field is enough: not every customer is signed in", () => {
  const coverage = new Coverage(bound);
  for (let i = 0; i < 99; i++) coverage.look(bound, anEvent({ ...client, userId: undefined }));
  coverage.look(bound, anEvent(client));
  expect(coverage.of(bound[0]!).state).toBe("full");
});

test("it is saved and loaded, unless the detector needs something else by now", () => {
  const coverage = new Coverage(bound);
  for (let i = 0; i < 60; i++) coverage.look(bound, anEvent(client));
  const again = new Coverage(bound);
  again.load(structuredClone(coverage.save()));
  expect(again.of(bound[0]!)).toMatchObject({ state: "full", missing: [], events: 60 });

  const changed = bind({ required: ["clientIp", "outcome"], better: ["country"] });
  const anew = new Coverage(changed);
  anew.load(structuredClone(coverage.save()));
  expect(anew.of(changed[0]!)).toMatchObject({ state: "waiting", events: 0 });
});

test("the share of each field is told, and where one is missing that others have", () => {
  const coverage = new Coverage(bound);
  for (let i = 0; i < 60; i++) coverage.look(bound, anEvent({ ...client, gateway: "eu" }));
  for (let i = 0; i < 60; i++) coverage.look(bound, anEvent({ ...client, gateway: "us", userId: undefined }));
  for (let i = 0; i < 49; i++) coverage.look(bound, anEvent({ gateway: "asia", clientIp: undefined }));
  const { state, fields, gaps } = coverage.of(bound[0]!);
  expect(state).toBe("full");
  expect(fields).toEqual([
    { field: "clientIp", needed: true, share: 120 / 169 },
    { field: "outcome", needed: true, share: 1 },
    { field: "userId", needed: false, share: 60 / 169 },
  ]);
  expect(gaps).toEqual([{ gateway: "us", origin: "gateway", events: 60, missing: ["userId"] }]);
});

test("shop events are told apart from the requests of the same gateway", () => {
  const coverage = new Coverage(bound);
  for (let i = 0; i < 50; i++) coverage.look(bound, anEvent(client));
  for (let i = 0; i < 50; i++) coverage.look(bound, anEvent({ ...client, origin: "shop", clientIp: undefined }));
  expect(coverage.of(bound[0]!).gaps).toEqual([{ gateway: "edge", origin: "shop", events: 50, missing: ["clientIp"] }]);
});

test("requests whose attempts shop events are to tell of, and none of those: blind, not quiet", () => {
  const coverage = new Coverage(bound);
  for (let i = 0; i < 49; i++) coverage.await(bound[0]!);
  expect(coverage.of(bound[0]!)).toMatchObject({ state: "waiting", fields: [] });
  coverage.await(bound[0]!);
  expect(coverage.of(bound[0]!)).toMatchObject({ state: "blind", missing: ["attempt"], events: 0, fields: [] });
  coverage.look(bound, anEvent({ ...client, origin: "shop" }));
  expect(coverage.of(bound[0]!)).toMatchObject({ state: "waiting", events: 1 });
});

// helpers

function bind(needs: DetectorDefinition["needs"]) {
  const tables = buildTables({ config: detectConfig.parse({ clients: 1_024 }), ring: new Samples(16) });
  return bindDetectors([active(aDetector({ needs }))], tables);
}
