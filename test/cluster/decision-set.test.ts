import { describe, expect, test } from "vitest";
import { AllowList } from "../../src/block/allow-list.ts";
import { blockConfig } from "../../src/block/block-config.ts";
import type { Decision } from "../../src/block/decision.ts";
import { DecisionLedger } from "../../src/block/ledger.ts";
import { targetKey } from "../../src/block/target.ts";
import { type Serving, servingKey, writeDecisions, writeServing } from "../../src/cluster/decision-record.ts";
import { DecisionSet } from "../../src/cluster/decision-set.ts";
import { gateMetrics } from "../../src/cluster/gate-metrics.ts";
import { createMetrics } from "../../src/metrics.ts";
import { aDecision } from "../block/a-decision.ts";
import { TestClock } from "../support/test-clock.ts";

const minute = 60_000;
const client = { clientIp: "203.0.113.7" };

function scene({ capacity }: { capacity?: number } = {}) {
  const clock = new TestClock();
  const metrics = createMetrics();
  const ledger = new DecisionLedger({ clock, ...(capacity === undefined ? {} : { capacity }) });
  const allowed = { list: new AllowList(blockConfig.parse({}).allow) };
  const serving: Serving[] = [];
  const set = new DecisionSet({
    ...{ ledger, clock, metrics: gateMetrics(metrics), allow: () => allowed.list },
    onServing: (on) => serving.push(on),
  });
  let offset = 0;
  const tell = (key: string, value: string | undefined) =>
    set.take([{ key, value: value === undefined ? undefined : Buffer.from(value), offset: offset++ }]);
  const say = (...decisions: Decision[]) => tell(targetKey(decisions[0]!), writeDecisions(decisions));
  const counted = async (name: string, kind: string) =>
    (await metrics.registry.getSingleMetric(name)!.get()).values.find(({ labels }) => labels["kind"] === kind)?.value;
  return { clock, ledger, set, tell, say, serving, allowed, counted };
}

test("a decision is served as whoever acts serves it, until a tombstone ends it", () => {
  const { ledger, say, tell } = scene();
  const decision = aDecision();
  say(decision);
  expect(ledger.matching(client)).toMatchObject({ uuid: decision.uuid, id: decision.id, action: "ban" });
  tell(targetKey(decision), undefined);
  expect(ledger.matching(client)).toBeUndefined();
  expect([...ledger.noLongerServed()].map((ended) => ended.decision.uuid)).toEqual([decision.uuid]);
});

test("of several on one target each ends by itself, and the strongest is served", () => {
  const { ledger, say } = scene();
  const [soft, hard] = [aDecision({ action: "throttle" }), aDecision()];
  say(soft, hard);
  expect(ledger.matching(client)?.uuid).toBe(hard.uuid);
  say(soft);
  expect(ledger.matching(client)?.uuid).toBe(soft.uuid);
});

test("it ends by the clock, and a word that it goes on overrules that", async () => {
  const { clock, ledger, set, say } = scene();
  const decision = aDecision();
  say(decision);
  await clock.advance(15 * minute);
  set.expire();
  expect(ledger.matching(client)).toBeUndefined();
  expect(ledger.get(decision.uuid)?.state).toBe("expired");
  say({ ...decision, version: 2, until: decision.until + 15 * minute });
  expect(ledger.matching(client)?.uuid).toBe(decision.uuid);
});

test("one that was lifted before its time is told to bouncers that may still hold it, also after a restart", () => {
  const { ledger, say } = scene();
  const decision = aDecision();
  say({ ...decision, version: 2, state: "lifted", liftedAt: decision.createdAt + minute, liftedBy: "alice" });
  expect(ledger.matching(client)).toBeUndefined();
  expect([...ledger.noLongerServed()].map(({ decision: { uuid } }) => uuid)).toEqual([decision.uuid]);
});

describe("what can't be read blocks nobody", () => {
  test.for<[string, string, string]>([
    ["no JSON", "ip 203.0.113.7", "{"],
    ["another version", "ip 203.0.113.7", '{"v":2,"decisions":[]}'],
    ["an action that nobody knows", "ip 203.0.113.7", '{"v":1,"decisions":[{"action":"delete"}]}'],
    ["a value that is no list", "ip 203.0.113.7", '{"v":1,"decisions":{"length":1}}'],
  ])("%s", async ([, key, value]) => {
    const { ledger, say, tell, counted } = scene();
    say(aDecision());
    tell(key, value);
    expect(ledger.matching(client)).toBeUndefined();
    expect(await counted("gatewatch_gate_records_total", "unreadable")).toBe(1);
  });

  test.for([["no scope", "203.0.113.7"], ["a scope that nobody knows", "planet mars"], ["an address that is none", "ip 1.2.3"], ["an address written in another way", "ip ::ffff:203.0.113.7"], ["nothing", ""]])(
    "a key with %s",
    async ([, key]) => {
      const { set, ledger, tell, counted } = scene();
      tell(key!, writeDecisions([aDecision()]));
      expect([set.size, ledger.size]).toEqual([0, 0]);
      expect(await counted("gatewatch_gate_records_total", "unreadable")).toBe(1);
    },
  ); // prettier-ignore
});

test("whoever acts says whether blocking is on; a word that can't be read turns it off", () => {
  const { tell, serving } = scene();
  tell(servingKey, writeServing({ serving: false }));
  tell(servingKey, writeServing({ serving: true, leader: "https://one.example" }));
  tell(servingKey, "?");
  tell(servingKey, undefined);
  expect(serving).toMatchObject([
    { serving: false },
    { serving: true, leader: "https://one.example" },
    { serving: false },
    { serving: true },
  ]);
});

test("whoever is on the allow list here is let in, from the start or later", () => {
  const { ledger, set, say, allowed } = scene();
  say(aDecision());
  allowed.list = new AllowList(blockConfig.parse({ allow: { addresses: ["203.0.113.0/28"] } }).allow);
  set.allowChanged();
  expect(ledger.size).toBe(0);
  say(aDecision({ value: "203.0.113.8" }));
  expect(ledger.size).toBe(0);
});

test("when the topic begins anew, all stays in force until all was told, and then what was not told again is over", () => {
  const { ledger, set, say } = scene();
  const [stays, goes] = [aDecision(), aDecision({ value: "203.0.113.8" })];
  say(stays);
  say(goes);
  set.reset();
  say(stays);
  expect(ledger.matching({ clientIp: goes.value })).toBeDefined();
  set.caughtUp();
  expect(ledger.matching({ clientIp: goes.value })).toBeUndefined();
  expect(ledger.matching(client)).toBeDefined();
});

test("it takes no more than it has room for, and counts the rest", async () => {
  const { ledger, say, counted } = scene({ capacity: 2 });
  for (let i = 0; i < 4; i++) say(aDecision({ value: `203.0.113.${i}` }));
  expect(ledger.size).toBe(2);
  expect(await counted("gatewatch_gate_records_total", "beyond_capacity")).toBe(2);
});
