import { describe, expect, test } from "vitest";
import type { EndpointClass, Outcome } from "../../src/normalize/access-event.ts";
import { outcomeOf, type OutcomeInput } from "../../src/normalize/outcome.ts";

const input = (partial: Partial<OutcomeInput>): OutcomeInput => ({
  rules: [],
  endpointClass: "other",
  status: 200,
  enforced: false,
  limited: false,
  told: undefined,
  attributes: undefined,
  ...partial,
});

describe("by the status and the endpoint's class", () => {
  test.for<[EndpointClass, number, Outcome]>([
    ["login", 200, "ok"],
    ["login", 302, "ok"],
    ["login", 400, "failed"],
    ["login", 401, "failed"],
    ["login", 403, "failed"],
    ["login", 422, "failed"],
    ["login", 429, "limited"],
    ["login", 499, "unknown"],
    ["payment", 402, "failed"],
    ["payment", 503, "failed"],
    ["payment", 0, "unknown"],
    ["promo", 404, "failed"],
    ["catalog", 404, "unknown"],
    ["catalog", 403, "denied"],
    ["account", 401, "denied"],
    ["cart", 400, "unknown"],
    ["order", 502, "failed"],
    ["other", 101, "unknown"],
  ])("%s %i: %s", ([endpointClass, status, outcome]) => {
    expect(outcomeOf(input({ endpointClass, status }))).toBe(outcome);
  });
});

const rules: OutcomeInput["rules"] = [
  { when: { status: [200], attribute: { loginResult: "failed" } }, is: "failed" },
  { when: { status: [302] }, is: "unknown" },
  { when: { attribute: { loginResult: "ok" } }, is: "ok" },
];

test.for<[string, Partial<OutcomeInput>, Outcome]>([
  ["our own block is no failure, whatever the rules say", { enforced: true, status: 403, rules }, "denied"],
  ["a login that answers 200 with an error in the body", { status: 200, attributes: { loginResult: "failed" }, rules }, "failed"],
  ["the first rule that holds wins", { status: 302, attributes: { loginResult: "ok" }, rules }, "unknown"],
  ["a rule by attribute alone", { status: 401, attributes: { loginResult: "ok" }, rules }, "ok"],
  ["without the attribute the status decides", { status: 200, rules }, "ok"],
  ["what the application said comes before the status", { status: 200, told: "failed" }, "failed"],
  ["rules come before what the application said", { status: 302, told: "ok", rules }, "unknown"],
  ["a limiter's 503 is no outage", { status: 503, limited: true, endpointClass: "payment" }, "limited"],
])("%s", ([, partial, outcome]) => {
  expect(outcomeOf(input(partial))).toBe(outcome);
}); // prettier-ignore
