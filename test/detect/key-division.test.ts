import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { count } from "../../src/detect/counters.ts";
import { isFailed } from "../../src/detect/define-detector.ts";
import { detectConfig } from "../../src/detect/detect-config.ts";
import { KeyDivision } from "../../src/detect/key-division.ts";
import { bindDetectors } from "../../src/detect/plan.ts";
import { Samples } from "../../src/detect/samples.ts";
import { buildTables } from "../../src/detect/tables.ts";
import { Random } from "../../src/simulate/random.ts";
import { aDetector } from "../support/a-detector.ts";
import { anEvent } from "../support/an-event.ts";
import { active } from "../support/run-engine.ts";
import { sealedOf } from "../support/run-tallies.ts";
import { anySpread, seenInTallies, seenWhole } from "../support/spread-tallies.ts";

const noon = Date.parse("2026-08-22T12:00:00.000Z");
const anything = { where: { endpointClass: ["login" as const] }, evidence: () => true, target: () => undefined };

/** Most of what an actor does is on one route. */
const oneRoute = active(
  aDetector({
    ...{ ...anything, id: "one-route", key: ["actor", "route"] },
    counters: { here: count(), everywhere: count(undefined, { key: ["actor"] }) },
    fires: (f) => Number(f["here"]) >= 6 && Number(f["here"]) >= 0.6 * Number(f["everywhere"]),
    summary: (f) => `${Number(f["here"])} of ${Number(f["everywhere"])}`,
  }),
);
/** Most of a country's logins are on one route, of all logins there. */
const oneCountry = active(
  aDetector({
    ...{ ...anything, id: "one-country", key: ["country", "route"] },
    counters: { here: count(), everywhere: count(undefined, { key: ["route"] }) },
    fires: (f) => Number(f["here"]) >= 20 && Number(f["here"]) >= 0.4 * Number(f["everywhere"]),
    summary: (f) => `${Number(f["here"])} of ${Number(f["everywhere"])}`,
  }),
);
/** Far more than is usual on the route. */
const unusual = active(
  aDetector({
    ...{ ...anything, id: "unusual", key: ["clientIp", "route"], population: { counter: "all", quantile: 0.9 } },
    counters: { all: count() },
    fires: (f, _, { population }) => population.known && Number(f["all"]) > 2 * population.value,
    summary: (f, _, { population }) => `${Number(f["all"])}, usual is ${population.value}`,
  }),
);
/** A user fails everywhere, and while one does so nobody's failures on the route count. */
const user = active(aDetector({ ...anything, id: "user", key: ["userId"], floor: () => 12, counters: { all: count(isFailed) }, fires: (f) => Number(f["all"]) >= 12, summary: () => "" })); // prettier-ignore
const heldBack = active(aDetector({ id: "held-back", suppressedBy: [{ detector: "user", same: "route" }] }));

const detectors = [oneRoute, oneCountry, unusual, user, heldBack];
const rnd = new Random(11, "division");
const events = Array.from({ length: 4_000 }, (_, i) => {
  // One client is loud in the last minutes, and one user fails now and then.
  const isLoud = i > 2_400 && rnd.chance(0.3);
  const isFailing = i % 1_000 > 700 && rnd.chance(0.2);
  const client = isLoud ? "203.0.113.9" : `198.51.100.${rnd.below(97)}`;
  return anEvent({
    ...{ time: noon + i * 250, clientIp: client, clientKey: client, endpointClass: "login" },
    ...{ route: `/login/${rnd.below(3)}`, country: rnd.chance(0.4) ? "DE" : `X${rnd.below(5)}` },
    ...{ userId: isFailing ? "anna" : rnd.chance(0.2) ? `u${rnd.below(300)}` : undefined },
    outcome: isFailing || rnd.chance(0.3) ? "failed" : "ok",
  });
});
const watched = { detectors, events, later: noon + 86_400_000 };

test("what is compared with others, or held back by them, is found in parts as it is in the whole", () => {
  const whole = sealedOf(seenWhole(watched));
  const found = seenWhole(watched).map(({ detector }) => detector);
  expect(new Set(found)).toEqual(new Set(detectors.map(({ definition }) => definition.id)));
  fc.assert(
    fc.property(anySpread, (spread) => {
      expect(sealedOf(seenInTallies(watched, { ...spread, parts: 4 }).found)).toEqual(whole);
    }),
    { numRuns: 6, seed: 7, endOnFailure: true },
  );
}, 60_000);

describe("where keys go", () => {
  const tables = buildTables({ config: detectConfig.parse({ clients: 1024 }), ring: new Samples(1) });
  const division = new KeyDivision(bindDetectors(detectors, tables), 8);
  const space = (...dimensions: Parameters<typeof tables.space>[0]) => tables.space(dimensions);
  const parts = (keys: readonly (readonly string[])[], ...of: Parameters<typeof tables.space>[0]) =>
    new Set(keys.map((key) => division.partOf(space(...of), key))).size;
  const many = Array.from({ length: 50 }, (_, i) => `10.0.0.${i}`);

  test.for([
    ["clients", ["clientIp"], false],
    ["users, who hold others back", ["userId"], true],
    ["routes, which countries are compared with", ["route"], true],
    ["actors, which go along with their routes", ["actor"], false],
  ] as const)("%s", ([, dimensions, isShared]) => {
    expect(division.isShared(space(...dimensions))).toBe(isShared);
  });

  test("an actor's routes are together, a route's population is, and clients are everywhere", () => {
    expect(parts(many.map((route) => ["user:anna", route]), "actor", "route")).toBe(1); // prettier-ignore
    expect(division.partOf(space("actor", "route"), ["user:anna", "/"])).toBe(division.partOf(space("actor"), ["user:anna"])); // prettier-ignore
    expect(parts(many.map((client) => [client, "/login"]), "clientIp", "route")).toBe(1); // prettier-ignore
    expect(parts(many.map((client) => [client]), "clientIp")).toBe(8); // prettier-ignore
  });
});
