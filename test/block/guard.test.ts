import { describe, expect, test } from "vitest";
import { AllowList } from "../../src/block/allow-list.ts";
import { blockConfig } from "../../src/block/block-config.ts";
import type { TrafficFacts, Verdict } from "../../src/block/decision.ts";
import { decide, dryRunBy, judge } from "../../src/block/guard.ts";
import type { Candidate, GuardFacts } from "../../src/block/guard-rule.ts";
import { guardRules } from "../../src/block/guard-rules.ts";
import { NetworkList } from "../../src/block/network-list.ts";
import type { Detection, Target } from "../../src/detect/detection.ts";
import type { RunbookBlock } from "../../src/incident/runbook.ts";
import { aDetection } from "../support/a-detection.ts";
import { ban, quietTraffic } from "./block-scene.ts";

interface Situation {
  target?: Target;
  detection?: Partial<Detection>;
  block?: Partial<RunbookBlock>;
  traffic?: Partial<TrafficFacts>;
  facts?: Partial<GuardFacts>;
  allow?: object;
  asn?: number;
}

const now = Date.parse("2026-08-22T09:00:00.000Z");
const minute = 60_000;
const noLogins = { attempts: 0, failures: 0 };
const ip = (value: string): Target => ({ scope: "ip", value });
const range = (value: string): Target => ({ scope: "range", value });
const user = (value: string): Target => ({ scope: "user", value });

function situation(given: Situation): { candidate: Candidate; facts: GuardFacts } {
  const config = blockConfig.parse({ allow: given.allow ?? {} });
  return {
    candidate: {
      target: given.target ?? ip("203.0.113.7"),
      detection: aDetection(given.detection),
      block: { ...ban, ...given.block },
    },
    facts: {
      now,
      limits: config.guard,
      allow: new AllowList(config.allow, () => given.asn),
      own: new NetworkList(["192.0.2.0/28", "2001:db8:ffff::1"]),
      providers: new NetworkList([{ network: "104.16.0.0/13", text: "104.16.0.0/13 (cloudflare)" }]),
      traffic: quietTraffic(given.traffic),
      recent: { clients: 0, lastMinute: 0, logins: noLogins },
      letInAt: undefined,
      waveLiftedAt: undefined,
      ledgerFull: false,
      confirming: [],
      ...given.facts,
    },
  };
}

const loginShare = (share: NonNullable<ReturnType<TrafficFacts["loginFailedShare"]>> | undefined) => ({
  loginFailedShare: () => share,
});

const cases: [name: string, rule: string, says: Verdict["says"], given: Situation][] = [
  ["users who come from many addresses", "proxy-trust", "yes", {}],
  ["users who come from one address", "proxy-trust", "no", { traffic: { proxyTrust: () => ({ address: "198.51.100.1", reason: "92 % of all users come from 198.51.100.1" }) } }],
  ["a range, then", "proxy-trust", "no", { target: range("203.0.113.0/24"), traffic: { proxyTrust: () => ({ address: "198.51.100.1", reason: "92 % of all users come from 198.51.100.1" }) } }],
  ["a user, then", "proxy-trust", "yes", { target: user("anna"), traffic: { proxyTrust: () => ({ address: "198.51.100.1", reason: "92 % of all users come from 198.51.100.1" }) } }],
  ["no address of a CDN", "provider-address", "yes", {}],
  ["an address of a CDN", "provider-address", "ask", { target: ip("104.17.0.9") }],
  ["a range that holds a CDN's", "provider-address", "ask", { target: range("104.0.0.0/8") }],
  ["an ordinary client", "allow-list", "yes", { allow: { addresses: ["192.0.2.200"] } }],
  ["an allow-listed address", "allow-list", "no", { allow: { addresses: ["203.0.113.7"] } }],
  ["an address in an allow-listed range", "allow-list", "no", { allow: { addresses: ["203.0.113.0/24"] } }],
  ["a range that holds an allow-listed address", "allow-list", "no", { target: range("203.0.113.0/24"), allow: { addresses: ["203.0.113.9"] } }],
  ["an allow-listed network", "allow-list", "no", { allow: { networks: ["203.0.112.0/20"] } }],
  ["a network allow-listed by number", "allow-list", "no", { allow: { networks: ["AS64500"] }, asn: 64_500 }],
  ["another network", "allow-list", "yes", { allow: { networks: ["AS64500"] }, asn: 64_501 }],
  ["a network's number that can't be told", "allow-list", "ask", { allow: { networks: ["AS64500"] } }],
  ["an allow-listed user", "allow-list", "no", { target: user("health-check"), allow: { users: ["health-check"] } }],
  ["an allow-listed key", "allow-list", "no", { target: { scope: "apiKey", value: "p7" }, allow: { apiKeys: ["p7"] } }],
  ["a key named like an allow-listed user", "allow-list", "yes", { target: { scope: "apiKey", value: "p7" }, allow: { users: ["p7"] } }],

  ["a certain address", "certain-client", "yes", {}],
  ["a guessed address", "certain-client", "no", { detection: { clientIpCertain: false } }],
  ["a user found by guessed addresses", "certain-client", "ask", { target: user("a"), detection: { clientIpCertain: false } }],

  ["a private address", "special-address", "no", { target: ip("10.0.0.7") }],
  ["a loopback address", "special-address", "no", { target: ip("127.0.0.1") }],
  ["a link-local address", "special-address", "no", { target: ip("169.254.169.254") }],
  ["carrier-grade NAT", "special-address", "no", { target: ip("100.64.3.4") }],
  ["a private IPv6 client", "special-address", "no", { target: range("fd00::/64") }],
  ["a range that holds private addresses", "special-address", "no", { target: range("172.0.0.0/8") }],
  ["a public address", "special-address", "yes", {}],

  ["a trusted proxy", "own-address", "no", { target: ip("192.0.2.3") }],
  ["the /64 of a gateway", "own-address", "no", { target: range("2001:db8:ffff::/64") }],
  ["somebody else's address", "own-address", "yes", { target: ip("192.0.2.77") }],

  ["a /24", "broad-target", "yes", { target: range("203.0.113.0/24") }],
  ["a /20", "broad-target", "ask", { target: range("203.0.112.0/20") }],
  ["an IPv6 /48", "broad-target", "yes", { target: range("2001:db8::/48") }],
  ["an IPv6 /32", "broad-target", "ask", { target: range("2001:db8::/32") }],
  ["a country", "broad-target", "ask", { target: { scope: "country", value: "AQ" } }],
  ["a network", "broad-target", "ask", { target: { scope: "as", value: "64500" } }],
  ["a user", "broad-target", "yes", { target: user("a") }],

  ["five users behind the address", "shared-address", "yes", { traffic: { successfulUsers: () => 5 } }],
  ["six users behind the address", "shared-address", "softer", { traffic: { successfulUsers: () => 6 } }],
  ["six users, and only a throttle", "shared-address", "yes", { block: { action: "throttle" }, traffic: { successfulUsers: () => 6 } }],
  ["users that can't be counted", "shared-address", "softer", { traffic: { successfulUsers: () => undefined } }],
  ["users that can't be counted, and only a throttle", "shared-address", "softer", { block: { action: "throttle" }, traffic: { successfulUsers: () => undefined } }],
  ["a user", "shared-address", "yes", { target: user("a"), traffic: { successfulUsers: () => undefined } }],

  ["the twentieth client of few", "client-share", "yes", { traffic: { activeClients: () => 30 }, facts: { recent: { clients: 19, lastMinute: 0, logins: noLogins } } }],
  ["the 21st client of few", "client-share", "ask", { traffic: { activeClients: () => 30 }, facts: { recent: { clients: 20, lastMinute: 0, logins: noLogins } } }],
  ["the 50th client of 10,000", "client-share", "yes", { facts: { recent: { clients: 49, lastMinute: 0, logins: noLogins } } }],
  ["the 51st client of 10,000", "client-share", "ask", { facts: { recent: { clients: 50, lastMinute: 0, logins: noLogins } } }],
  ["the twentieth of nobody knows how many", "client-share", "yes", { traffic: { activeClients: () => undefined }, facts: { recent: { clients: 19, lastMinute: 0, logins: noLogins } } }],
  ["the 21st of nobody knows how many", "client-share", "ask", { traffic: { activeClients: () => undefined }, facts: { recent: { clients: 20, lastMinute: 0, logins: noLogins } } }],
  ["a user in a wave of clients", "client-share", "yes", { target: user("a"), facts: { recent: { clients: 900, lastMinute: 0, logins: noLogins } } }],

  ["the sixtieth decision of a minute", "decision-rate", "yes", { facts: { recent: { clients: 0, lastMinute: 59, logins: noLogins } } }],
  ["one more", "decision-rate", "ask", { facts: { recent: { clients: 0, lastMinute: 60, logins: noLogins } } }],

  ["ordinary logins", "login-outage", "yes", {}],
  ["everybody's logins fail", "login-outage", "no", { traffic: loginShare({ now: 0.6, before: 0.05, attempts: 500 }) }],
  ["they fail on another endpoint", "login-outage", "yes", { detection: { endpointClass: "payment" }, traffic: loginShare({ now: 0.6, before: 0.05, attempts: 500 }) }],
  ["only the client's own logins fail, on a small site", "login-outage", "yes", { detection: { counters: { attempts: 60, failures: 60 } }, traffic: loginShare({ now: 0.75, before: 0.05, attempts: 90 }) }],
  ["so do those of others who were just blocked", "login-outage", "yes", { facts: { recent: { clients: 3, lastMinute: 3, logins: { attempts: 200, failures: 200 } } }, traffic: loginShare({ now: 0.7, before: 0.05, attempts: 300 }) }],
  ["most logins fail, but those of four clients", "login-outage", "yes", { traffic: loginShare({ now: 0.6, before: 0.05, attempts: 500, failedClients: 4 }) }],
  ["most logins fail, those of five clients", "login-outage", "no", { traffic: loginShare({ now: 0.6, before: 0.05, attempts: 500, failedClients: 5 }) }],
  ["hardly anybody else signs in", "login-outage", "yes", { traffic: loginShare({ now: 1, before: 0, attempts: 29 }) }],
  ["a first hour, without a share before", "login-outage", "yes", { traffic: loginShare({ now: 0.1, before: 0, attempts: 500 }) }],
  ["a share that was always high", "login-outage", "yes", { traffic: loginShare({ now: 0.8, before: 0.3, attempts: 500 }) }],
  ["a share that can't be told", "login-outage", "ask", { traffic: loginShare(undefined) }],

  ["no wave was lifted", "checkout-drop", "yes", {}],
  ["a wave was lifted lately", "checkout-drop", "ask", { facts: { waveLiftedAt: now - 29 * minute } }],
  ["a wave was lifted long ago", "checkout-drop", "yes", { facts: { waveLiftedAt: now - 30 * minute } }],

  ["a fresh detection", "fresh", "yes", {}],
  ["a stale detection", "fresh", "no", { detection: { stale: true } }],
  ["full coverage", "confidence", "yes", {}],
  ["a field is missing", "confidence", "ask", { detection: { coverage: "reduced" } }],
  ["high, unless the runbook says otherwise", "confidence", "ask", { detection: { confidence: "medium" }, block: { confidence: undefined } }],
  ["sure enough for the runbook", "confidence", "yes", { detection: { confidence: "medium" }, block: { confidence: "medium" } }],
  ["surer than it asks for", "confidence", "yes", { block: { confidence: "low" } }],
  ["not sure enough for it", "confidence", "ask", { detection: { confidence: "low" }, block: { confidence: "medium" } }],
  ["confirmed by another detector", "confidence", "yes", { detection: { confidence: "low" }, facts: { confirming: ["probing"] } }],
  ["confirmed, and a field is missing", "confidence", "ask", { detection: { coverage: "reduced" }, facts: { confirming: ["probing"] } }],
  ["saved by a version that knew no confidence", "confidence", "ask", { detection: { confidence: undefined as never } }],
  ["a person let them in lately", "let-in", "ask", { facts: { letInAt: now - 59 * minute } }],
  ["a person let them in long ago", "let-in", "yes", { facts: { letInAt: now - 60 * minute } }],
  ["room in the ledger", "room", "yes", {}],
  ["a full ledger", "room", "no", { facts: { ledgerFull: true } }],
]; // prettier-ignore

describe("each rule of the guard", () => {
  test.for(cases)("%s: %s says %s", ([, rule, says, given]) => {
    const { candidate, facts } = situation(given);
    const verdict = judge(candidate, facts).find((each) => each.rule === rule);
    expect(verdict?.says).toBe(says);
    expect(verdict?.reason).toMatch(/^.{5,150}$/);
  });

  test("every rule has a case in which it does not say yes", () => {
    const objecting = new Set(cases.filter(([, , says]) => says !== "yes").map(([, rule]) => rule));
    expect([...objecting].sort()).toEqual(guardRules.map(({ id }) => id).sort());
  });

  test("an eager detection, and one that nothing speaks against, may block", () => {
    const { candidate, facts } = situation({ detection: { sealed: false } });
    expect(judge(candidate, facts).filter(({ says }) => says !== "yes")).toEqual([]);
  });
});

describe("what the verdicts come to", () => {
  const saying = (...all: Verdict["says"][]): Verdict[] =>
    all.map((says, i) => ({ rule: `r${i}`, says, reason: says }));
  test.for([
    ["all yes: it stands", ["yes", "yes"], {}, "active", "ban"],
    ["one asks: a person decides", ["yes", "ask"], {}, "asked", "ban"],
    ["one says no: refused, whoever asks", ["ask", "no", "softer"], {}, "refused", "ban"],
    ["softer, and the runbook has one", ["yes", "softer"], { softer: "throttle" }, "active", "throttle"],
    ["softer, and the runbook has none", ["yes", "softer"], {}, "asked", "ban"],
    [
      "softer, and the runbook's is no softer",
      ["softer"],
      { action: "captcha", softer: "captcha" },
      "asked",
      "captcha",
    ],
    ["softer, and another asks", ["softer", "ask"], { softer: "throttle" }, "asked", "ban"],
  ] as const)("%s", ([, says, block, state, action]) => {
    expect(decide(saying(...says), { ...ban, ...block })).toMatchObject({ state, action });
  });

  test.for([
    ["the service observes", "observe", {}, {}, "service"],
    ["the runbook is a dry run", "enforce", { dryRun: true }, {}, "runbook"],
    ["the detector is a dry run", "enforce", {}, { mode: "dry-run" }, "detector"],
    ["none is", "enforce", {}, {}, undefined],
  ] as const)("dry run when %s", ([, mode, block, detection, by]) => {
    expect(dryRunBy(situation({ block, detection }).candidate, mode)).toBe(by);
  });
});
