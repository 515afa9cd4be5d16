import { expect, test } from "vitest";
import { floorParameters } from "../../src/detect/floor-parameters.ts";
import { shippedDetectors } from "../support/run-engine.ts";

test.for<[string, string[], string[]]>([
  ["credential-stuffing", ["failures", "accounts", "list"], []],
  ["scraping", ["pages"], ["carts"]],
  ["admin-probing", ["refused", "paths"], []],
  ["promo-farming", ["accounts"], ["agents"]],
  ["reservation-flood", ["holds", "expired"], []],
  ["token-sharing", ["clients", "networks"], []],
])("of %s it is told which parameters are floors, and which are not", ([id, floors, others]) => {
  const detector = shippedDetectors.find(({ definition }) => definition.id === id)!;
  const told = floorParameters(detector, [...floors, ...others]);
  expect(told).toEqual(floors);
  expect(floorParameters(detector, [...floors, ...others])).toEqual(told);
});

test("a detector that throws at made-up figures has none", () => {
  const [detector] = shippedDetectors;
  const fires = () => {
    throw new Error("what is that?");
  };
  const fragile = { ...detector!, definition: { ...detector!.definition, fires } };
  expect(floorParameters(fragile, Object.keys(detector!.params))).toEqual([]);
});
