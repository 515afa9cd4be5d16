import { describe, expect, test } from "vitest";
import { attackList } from "../../src/simulate/attack-list.ts";
import { intensities, type AttackLabel, type SimulationLabels } from "../../src/simulate/label.ts";
import type { SimulationOptions } from "../../src/simulate/simulation.ts";
import { aSimulation } from "../support/simulating.ts";

const hour = 3_600_000;
const floorFacts = { limit: (_: string, otherwise: number) => otherwise, isEnriched: true, rate: 25 };

const siteWide = attackList.filter(({ isSiteWide }) => isSiteWide);
const long = attackList.filter((kind) => !kind.isSiteWide && (kind.lastsMs ?? 0) > hour);
const others = attackList.filter((kind) => !siteWide.includes(kind) && !long.includes(kind));
const idsOf = (kinds: typeof attackList) => kinds.map(({ id }) => id);

/** Labels of three runs: of what concerns one client, of what takes hours, and of what concerns everybody. */
const runs = {
  others: labelsOf({ attacks: idsOf(others), intensity: "mixed", durationMs: 4 * hour, rate: 5 }),
  long: labelsOf({ attacks: idsOf(long), intensity: "mixed", durationMs: 10 * hour, rate: 2 }),
  blatant: labelsOf({ attacks: idsOf(siteWide), intensity: 10, durationMs: 7 * hour, rate: 25 }),
  below: labelsOf({ attacks: idsOf(siteWide), intensity: 0.8, durationMs: 7 * hour, rate: 25 }),
};

describe.each(attackList)("$id", (kind) => {
  const labels = Object.values(runs)
    .flatMap(({ attacks }) => attacks)
    .filter((label) => label.kind === kind.id);

  test("takes place at each intensity", () => {
    const wanted = kind.isSiteWide ? [10, 0.8] : [...intensities];
    // Below a floor of one there is nothing.
    const possible = kind.floor(floorFacts) === 1 && !kind.steps ? wanted.filter((one) => one > 1) : wanted;
    expect(new Set(labels.map(({ intensity }) => intensity))).toEqual(new Set(possible));
  });

  test("crosses its floor above it, and never below", () => {
    expect(labels.map(told)).toEqual(
      labels.map((label) => ({ ...told(label), isCrossed: label.intensity > 1, isInOrder: true, isEmpty: false })),
    );
  });
});

test("what has no room in the run is skipped, and told", () => {
  const { skipped, attacks } = labelsOf({ attacks: ["low-and-slow"], intensity: 3, durationMs: hour, rate: 1 });
  expect(attacks).toEqual([]);
  expect(skipped).toEqual([{ kind: "low-and-slow", reason: "the run is too short: it takes 300 min" }]);
});

// helpers

function labelsOf(options: Partial<SimulationOptions>): SimulationLabels {
  const simulation = aSimulation(options);
  for (const _ of simulation.batches());
  return simulation.labels();
}

function told({ intensity, floorCrossedAt, start, end, requests }: AttackLabel) {
  const isInOrder = start <= (floorCrossedAt ?? start) && (floorCrossedAt ?? end) <= end;
  return { intensity, isCrossed: floorCrossedAt !== null, isInOrder, isEmpty: requests === 0 };
}
