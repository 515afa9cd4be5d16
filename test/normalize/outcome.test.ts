import { describe, expect, test } from "vitest";
import type { EndpointClass, Outcome } from "../../src/normalize/access-event.ts";
import { endpointsConfig } from "../../src/normalize/endpoint-config.ts";
import { explainOutcome, outcomeOf, type OutcomeInput, type OutcomeReason } from "../../src/normalize/outcome.ts";

const input = (partial: Partial<OutcomeInput>): OutcomeInput => ({
  rules: [],
  endpointClass: "other",
  status: 200,
  answeredBy: "upstream",
  enforced: false,
  limited: false,
  told: undefined,
  attributes: undefined,
  attempt: true,
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

/** Rules as somebody would write them, in YAML or JSON. */
const rulesOf = (outcome: unknown) =>
  endpointsConfig.parse([{ method: "POST", route: "/x", class: "login", outcome }])[0]!.outcome;

describe("rules for how shops really answer", () => {
  const login = rulesOf([
    { when: { status: [302, 303], attribute: { location: { startsWith: "/login" } } }, is: "failed" },
    { when: { status: [302, 303], attribute: { location: { contains: "error=" } } }, is: "failed" },
    { when: { status: [302, 303] }, is: "ok" },
    { when: { attribute: { errorCode: { present: true } } }, is: "failed" },
  ]);
  const graphql = rulesOf([
    { when: { status: [200], attribute: { errors: { min: 1 } } }, is: "failed" },
    { when: { status: [200], attribute: { authenticated: false } }, is: "failed" },
  ]);
  const payment = rulesOf([
    { when: { attribute: { declineClass: ["insufficient_funds", "do_not_honor", "fraud"] } }, is: "failed" },
    { when: { attribute: { providerCode: 51 } }, is: "failed" },
    { when: { attribute: { attempts: { min: 4, max: 9 } } }, is: "limited" },
    { when: { status: [202], attribute: { approved: { present: false } } }, is: "unknown" },
  ]);
  const waf = rulesOf([{ when: { status: [403], answeredBy: "gateway" }, is: "denied" }]);
  const other = rulesOf([{ when: { attribute: { note: { max: 5 } } }, is: "failed" }]);

  test.for<[string, OutcomeInput["rules"], Partial<OutcomeInput>, Outcome]>([
    ["a wrong password sends back to the login page", login, { status: 302, attributes: { location: "/login?error" } }, "failed"],
    ["or elsewhere with an error in the query", login, { status: 303, attributes: { location: "/?error=bad" } }, "failed"],
    ["a right one sends on to the account", login, { status: 302, attributes: { location: "/account" } }, "ok"],
    ["a redirect whose target is not logged", login, { status: 302 }, "ok"],
    ["200 with an error code in the body", login, { attributes: { errorCode: "BAD_CREDENTIALS" } }, "failed"],
    ["200 without one", login, { attributes: { location: "/x" } }, "ok"],
    ["GraphQL: 200 with errors", graphql, { attributes: { errors: "2" } }, "failed"],
    ["GraphQL: 200 with none", graphql, { attributes: { errors: "0", authenticated: "true" } }, "ok"],
    ["GraphQL: a result that says no", graphql, { attributes: { authenticated: "false" } }, "failed"],
    ["one of several decline classes", payment, { attributes: { declineClass: "fraud" } }, "failed"],
    ["another decline class", payment, { attributes: { declineClass: "none" } }, "ok"],
    ["a number that YAML reads as one", payment, { attributes: { providerCode: "51" } }, "failed"],
    ["a number between two others", payment, { attributes: { attempts: "4" } }, "limited"],
    ["a number below", payment, { attributes: { attempts: "3" } }, "ok"],
    ["a number above", payment, { attributes: { attempts: "10" } }, "ok"],
    ["accepted, and nobody knows yet", payment, { status: 202 }, "unknown"],
    ["accepted and approved", payment, { status: 202, attributes: { approved: "true" } }, "ok"],
    ["the gateway's own 403", waf, { status: 403, answeredBy: "gateway", endpointClass: "login" }, "denied"],
    ["the application's 403", waf, { status: 403, endpointClass: "login" }, "failed"],
    ["what is no number is in no range", other, { attributes: { note: "" } }, "ok"],
    ["nor is a word", other, { attributes: { note: "five" } }, "ok"],
  ])("%s", ([, rules, partial, outcome]) => {
    expect(outcomeOf(input({ rules, ...partial }))).toBe(outcome);
  });

  test.for<[string, unknown, RegExp]>([
    ["a rule that always holds", { when: {}, is: "ok" }, /expected `status`, `answeredBy` or `attribute`/],
    ["a test that tests nothing", { when: { attribute: { a: {} } }, is: "ok" }, /expected present, startsWith/],
    ["an empty list", { when: { attribute: { a: [] } }, is: "ok" }, /attribute/],
  ])("%s is refused", ([, rule, message]) => {
    expect(() => rulesOf([rule])).toThrow(message);
  });
}); // prettier-ignore

describe("where shop events tell how attempts end, a request tells only what the gateway knows", () => {
  test.for<[string, Partial<OutcomeInput>, Outcome]>([
    ["an answer of the application", { status: 200 }, "unknown"],
    ["a refusal of the application", { status: 401 }, "unknown"],
    ["what the application says of it", { status: 200, told: "ok" }, "unknown"],
    ["a server error", { status: 502 }, "failed"],
    ["a limiter", { status: 503, limited: true }, "limited"],
    ["too many requests", { status: 429 }, "limited"],
    ["our own block", { status: 403, enforced: true }, "denied"],
    ["no answer", { status: 0 }, "unknown"],
  ])("%s", ([, partial, outcome]) => {
    expect(outcomeOf(input({ endpointClass: "login", attempt: false, ...partial }))).toBe(outcome);
  });
});

describe("what decided is told", () => {
  const rules = endpointsConfig.parse([
    {
      ...{ method: "POST", route: "/login", class: "login" },
      outcome: [
        { when: { status: [500] }, is: "denied" },
        { when: { attribute: { loginResult: "failed" } }, is: "failed" },
      ],
    },
  ])[0]!.outcome;

  test.for<[OutcomeReason["by"], number | undefined, Partial<OutcomeInput>]>([
    ["own-block", undefined, { enforced: true, rules, attributes: { loginResult: "failed" } }],
    ["rule", 1, { rules, attributes: { loginResult: "failed" }, told: "ok", limited: true }],
    ["rule", 0, { rules, status: 500, attributes: { loginResult: "failed" } }],
    ["application", undefined, { rules, told: "ok", limited: true }],
    ["limiter", undefined, { limited: true }],
    ["limiter", undefined, { status: 429 }],
    ["status", undefined, { rules, status: 401, endpointClass: "login" }],
    ["gateway-alone", undefined, { rules, status: 500, attempt: false }],
  ])("%s %s", ([by, rule, given]) => {
    expect(explainOutcome(input(given))).toEqual({ outcome: outcomeOf(input(given)), by, rule });
  });
});
