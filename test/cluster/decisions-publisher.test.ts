import { describe, expect, test } from "vitest";
import type { Decision } from "../../src/block/decision.ts";
import { DecisionLedger } from "../../src/block/ledger.ts";
import { readDecisions, servingKey, writeDecisions, writeServing } from "../../src/cluster/decision-record.ts";
import { decisionsMetrics } from "../../src/cluster/decisions-metrics.ts";
import { DecisionsPublisher } from "../../src/cluster/decisions-publisher.ts";
import { Fenced } from "../../src/cluster/transactional-producer.ts";
import { silentLog } from "../../src/log.ts";
import { createMetrics } from "../../src/metrics.ts";
import { aDecision } from "../block/a-decision.ts";
import { FakeCommitter } from "../support/fake-committer.ts";
import { TestClock } from "../support/test-clock.ts";

const minute = 60_000;
const key = "ip 203.0.113.7";
const leader = "https://one.example";

/** A topic, and what publishes to it. */
function scene(there: Readonly<Record<string, string>> = {}) {
  const clock = new TestClock();
  const ledger = new DecisionLedger({ clock });
  const topic = new Map(Object.entries(there));
  const lead = { holds: true, lost: [] as Error[] };
  const committers: FakeCommitter[] = [];
  const commits: string[][] = [];
  class Topic extends FakeCommitter {
    override async commit(commit: Parameters<FakeCommitter["commit"]>[0]) {
      await super.commit(commit);
      commits.push(commit.messages.map((message) => String(message.key)));
      for (const { key: at, value } of commit.messages) {
        if (value === null) topic.delete(String(at));
        else topic.set(String(at), String(value));
      }
    }
  }
  const publisher = new DecisionsPublisher({
    ...{ ledger, clock, log: silentLog, topic: "decisions", leader, metrics: decisionsMetrics(createMetrics()) },
    committer: () => {
      const committer = new Topic();
      committers.push(committer);
      return committer;
    },
    read: async () => new Map(topic),
    mayAct: async () => lead.holds,
    onFenced: (error) => lead.lost.push(error),
  });
  const told = (at = key) => readDecisions(at, topic.get(at) ?? "")?.map(({ uuid, state }) => [uuid, state]);
  return { clock, ledger, topic, lead, committers, commits, publisher, told };
}

const lifted = (decision: Decision, at: number): Decision => ({
  ...{ ...decision, version: decision.version + 1, state: "lifted", liftedBy: "alice", liftedAt: at },
});

test("a decision is published at once, changed when it goes on, and buried when it is over", async () => {
  const { clock, ledger, publisher, topic, told } = scene();
  await publisher.start();
  const decision = aDecision();
  ledger.put(decision);
  await clock.advance(0);
  expect(told()).toEqual([[decision.uuid, "active"]]);
  ledger.put({ ...decision, version: 2, until: decision.until + minute });
  await clock.advance(0);
  expect(readDecisions(key, topic.get(key)!)?.[0]?.until).toBe(decision.until + minute);
  await clock.advance(16 * minute);
  ledger.expire();
  await clock.advance(0);
  expect(topic.has(key)).toBe(false);
});

test("one that is lifted is told of for as long as gateways may still hold it", async () => {
  const { clock, ledger, publisher, topic, told } = scene();
  await publisher.start();
  const decision = aDecision();
  ledger.put(decision);
  ledger.put(lifted(decision, clock.now()));
  await clock.advance(0);
  expect(told()).toEqual([[decision.uuid, "lifted"]]);
  await clock.advance(16 * minute);
  expect(topic.has(key)).toBe(false);
});

test("what comes at once goes in one commit, and what comes meanwhile in the next", async () => {
  const { clock, ledger, publisher, commits } = scene();
  await publisher.start();
  for (let i = 0; i < 50; i++) ledger.put(aDecision({ value: `203.0.113.${i}` }));
  await clock.advance(0);
  expect(commits.map((keys) => keys.length)).toEqual([1, 50]); // the first says that blocking is on
});

test("dry runs, and what waits for a person, are not told", async () => {
  const { clock, ledger, publisher, topic } = scene();
  await publisher.start();
  ledger.put(aDecision({ dryRun: true }), aDecision({ value: "203.0.113.8", state: "asked" }));
  await clock.advance(0);
  expect([...topic.keys()]).toEqual([servingKey]);
});

test("on becoming active it writes what differs, and nothing else", async () => {
  const [same, gone, changed] = [aDecision(), aDecision({ value: "203.0.113.8" }), aDecision({ value: "203.0.113.9" })];
  const record = (decision: Decision) => [`ip ${decision.value}`, writeDecisions([decision])];
  const { ledger, publisher, topic, commits } = scene({
    ...(Object.fromEntries([same, gone, changed].map(record)) as Record<string, string>),
    ...{ [servingKey]: writeServing({ serving: true, leader }), "ip 192.0.2.1": "damaged", "no target": "{}" },
  });
  const before = topic.get(key);
  ledger.put(same, { ...changed, version: 2 }, aDecision({ value: "203.0.113.10" }));
  await publisher.start();
  expect(commits).toEqual([["ip 203.0.113.9", "ip 203.0.113.10", "ip 203.0.113.8", "ip 192.0.2.1", "no target"]]);
  expect(topic.get(key)).toBe(before);
  expect([...topic.keys()].sort()).toEqual(["ip 203.0.113.10", key, "ip 203.0.113.9", servingKey].sort());
});

test("while blocking is stopped gates are told so; what changed meanwhile they learn when it goes on", async () => {
  const { clock, ledger, publisher, topic, told } = scene();
  const decision = aDecision();
  ledger.put(decision);
  await publisher.start();
  ledger.setServing(false);
  await clock.advance(0);
  expect(topic.get(servingKey)).toBe(writeServing({ serving: false, leader }));
  expect(told()).toEqual([[decision.uuid, "active"]]);
  ledger.put(lifted(decision, clock.now()));
  ledger.setServing(true);
  await clock.advance(0);
  expect(topic.get(servingKey)).toBe(writeServing({ serving: true, leader }));
  expect(told()).toEqual([[decision.uuid, "lifted"]]);
});

describe("trouble", () => {
  test("a commit that failed is tried again with a new producer, after what the topic says was read anew", async () => {
    const { clock, ledger, publisher, committers, told } = scene();
    await publisher.start();
    committers[0]!.fail = new Error("the broker is away");
    const decision = aDecision();
    ledger.put(decision);
    await clock.advance(0);
    expect(told()).toBeUndefined();
    expect(publisher.behind).toBeGreaterThan(0);
    await clock.advance(100);
    expect(told()).toEqual([[decision.uuid, "active"]]);
    expect(committers.map(({ calls }) => calls)).toEqual([["open", "commit", "close"], ["open", "commit"]]); // prettier-ignore
  });

  test("whoever was fenced says so, and opens nothing again", async () => {
    const { clock, ledger, publisher, lead, committers } = scene();
    await publisher.start();
    committers[0]!.fail = new Fenced("gatewatch-decisions");
    ledger.put(aDecision());
    await clock.advance(60_000);
    expect(lead.lost).toHaveLength(1);
    expect(committers).toHaveLength(1);
  });

  test("whoever leads no more publishes nothing", async () => {
    const { clock, ledger, publisher, lead, topic } = scene();
    await publisher.start();
    lead.holds = false;
    ledger.put(aDecision());
    await clock.advance(60_000);
    expect(topic.has(key)).toBe(false);
  });

  test("nothing is published after stop", async () => {
    const { clock, ledger, publisher, topic } = scene();
    await publisher.start();
    await publisher.stop();
    ledger.put(aDecision());
    await clock.advance(60_000);
    expect(topic.has(key)).toBe(false);
  });
});
