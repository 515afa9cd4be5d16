import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { clusterConfig } from "../../src/cluster/cluster-config.ts";
import { PartitionReader } from "../../src/cluster/partition-reader.ts";
import { prepareTopics } from "../../src/cluster/prepare-topics.ts";
import { StateTopic } from "../../src/cluster/state-topic.ts";
import { Fenced, TransactionalProducer } from "../../src/cluster/transactional-producer.ts";
import { silentLog } from "../../src/log.ts";
import { eventually } from "../support/eventually.ts";
import { useKafka } from "../support/use-kafka.ts";

const kafka = useKafka();
const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function producer(id: string): Promise<TransactionalProducer> {
  const made = new TransactionalProducer(kafka.client, id);
  open.push(made);
  await made.open();
  return made;
}

async function committed(topic: string, partition = 0): Promise<(string | undefined)[]> {
  const reader = await PartitionReader.open(kafka.client, topic, partition);
  open.push(reader);
  const messages = await reader.readToEnd(await reader.start());
  return messages.map(({ value }) => value?.toString());
}

async function topicOf(partitions = 1): Promise<string> {
  const topic = `t-${randomUUID()}`;
  await kafka.broker.createTopic(topic, partitions);
  return topic;
}

describe("a transactional producer", () => {
  test("what it commits is seen as a whole, with the offsets", async () => {
    const [topic, from] = [await topicOf(2), await topicOf()];
    const one = await producer(`${topic}-0`);
    await one.commit({
      messages: [
        { topic, partition: 0, key: "a", value: "first" },
        { topic, partition: 1, key: "b", value: Buffer.from("second") },
      ],
      offsets: [{ group: topic, topic: from, partition: 0, offset: "42" }],
    });
    await eventually(
      "both to be seen",
      async () => (await committed(topic, 0)).length > 0 && (await committed(topic, 1)).length > 0,
    );
    expect([await committed(topic, 0), await committed(topic, 1)]).toEqual([["first"], ["second"]]);
    expect(await offsetOf(topic, from)).toBe("42");
  });

  test("what it can't write whole is not seen at all, and it goes on with the next", async () => {
    const topic = await topicOf();
    const one = await producer(topic);
    const broken = { topic: `${topic}-missing`, partition: 0, value: "no such topic" };
    const offsets = [{ group: topic, topic, partition: 0, offset: "7" }];
    const half = one.commit({ messages: [{ topic, partition: 0, value: "half" }, broken], offsets });
    await expect(half).rejects.toThrow(/topic/);
    await one.commit({ messages: [{ topic, partition: 0, value: "whole" }] });
    await eventually("it to be seen", async () => (await committed(topic)).length > 0);
    expect(await committed(topic)).toEqual(["whole"]);
    expect(await offsetOf(topic, topic)).toBe("-1");
  });

  test("who opened it before can commit no more, and is told", async () => {
    const topic = await topicOf();
    const before = await producer(topic);
    await before.commit({ messages: [{ topic, partition: 0, value: "before" }] });
    const after = await producer(topic);
    const late = before.commit({
      messages: [{ topic, partition: 0, value: "late" }],
      offsets: [{ group: topic, topic, partition: 0, offset: "9" }],
    });
    await expect(late).rejects.toBeInstanceOf(Fenced);
    await expect(before.commit({ messages: [{ topic, partition: 0, value: "again" }] })).rejects.toBeInstanceOf(Fenced);
    await after.commit({ messages: [{ topic, partition: 0, value: "after" }] });
    await eventually("both to be seen", async () => (await committed(topic)).length > 1);
    expect(await committed(topic)).toEqual(["before", "after"]);
    expect(await offsetOf(topic, topic)).toBe("-1");
  });

  test("more than brokers take at once goes in several, and is still one", async () => {
    const topic = await topicOf();
    const one = await producer(topic);
    const messages = Array.from({ length: 5 }, (_, i) => ({ topic, partition: 0, value: `${i}`.repeat(700_000) }));
    await one.commit({ messages });
    await eventually("all to be seen", async () => (await committed(topic)).length > 0);
    expect((await committed(topic)).map((text) => text?.slice(0, 1))).toEqual(["0", "1", "2", "3", "4"]);
  });
});

describe("a state topic", () => {
  const nothing = { states: [], problem: undefined };

  test("gives the newest state that was saved, large or small", async () => {
    const topic = await topicOf(2);
    const saver = await stateOf(topic, 1);
    expect(await saver.load()).toEqual(nothing);
    const large = { rows: new Float64Array(400_000).map(Math.random) };
    await saver.save({ rows: new Float64Array(3) }, "whole");
    await saver.save(large, "whole");
    const next = await stateOf(topic, 1);
    expect(await next.load()).toEqual({ states: [large], problem: undefined });
    for (let i = 0; i < 40; i++) await next.save({ small: i }, "whole");
    expect(await (await stateOf(topic, 1)).load()).toEqual({ states: [{ small: 39 }], problem: undefined });
    expect(await (await stateOf(topic, 0)).load()).toEqual(nothing);
  });

  test("gives the whole and the changes after it, in their order, and asks for a whole once they are as large", async () => {
    const topic = await topicOf();
    const saver = await stateOf(topic, 0);
    expect(saver.extent).toBe("whole");
    const random = (count: number) => ({ rows: new Float64Array(count).map(Math.random) });
    // What an earlier whole had changed is gone.
    for (const [state, extent] of [
      [random(10), "whole"],
      [random(1), "changes"],
      [random(1), "changes"],
    ] as const)
      await saver.save(state, extent);
    const whole = random(200_000);
    await saver.save(whole, "whole");
    const changes = [random(99_000), random(99_000), random(9_000)];
    const asked: string[] = [];
    for (const one of changes) {
      asked.push(saver.extent);
      await saver.save(one, "changes");
    }
    expect([...asked, saver.extent]).toEqual(["changes", "changes", "changes", "whole"]);
    const heir = await stateOf(topic, 0);
    expect(await heir.load()).toEqual({ states: [whole, ...changes], problem: undefined });
    const next = random(10);
    await heir.save(next, "whole");
    expect(await (await stateOf(topic, 0)).load()).toEqual({ states: [next], problem: undefined });
    const reader = await PartitionReader.open(kafka.client, topic, 0);
    const newest = new Map((await reader.readToEnd(0)).map(({ key, value }) => [key!.toString(), value]));
    await reader.close();
    expect([...newest].flatMap(([key, value]) => (value === null ? [] : key)).sort()).toEqual(["0/0/0", "0/manifest"]);
  });

  test("a whole that lies far behind many changes is found", async () => {
    const topic = await topicOf();
    const saver = await stateOf(topic, 0);
    const whole = { rows: new Float64Array(400_000).map(Math.random) };
    await saver.save(whole, "whole");
    for (let i = 0; i < 60; i++) await saver.save({ change: i }, "changes");
    const { states } = await (await stateOf(topic, 0)).load();
    expect(states).toHaveLength(61);
    expect(states.slice(0, 2)).toEqual([whole, { change: 0 }]);
    expect(states.at(-1)).toEqual({ change: 59 });
  });

  test("a state that is larger than what is looked at first is found", async () => {
    const topic = await topicOf();
    const saver = await stateOf(topic, 0);
    const large = { rows: new Float64Array(5_000_000).map(Math.random) };
    await saver.save(large, "whole");
    const { states, problem } = await (await stateOf(topic, 0)).load();
    expect(problem).toBeUndefined();
    expect(Buffer.compare(bytesOf((states[0] as typeof large).rows), bytesOf(large.rows))).toBe(0);
  });

  test("whoever was paused while another took over saves nothing", async () => {
    const topic = await topicOf();
    const paused = await stateOf(topic, 0);
    await paused.save({ by: "paused" }, "whole");
    const next = await stateOf(topic, 0);
    expect(await next.load()).toEqual({ states: [{ by: "paused" }], problem: undefined });
    await expect(paused.save({ by: "woken" }, "changes")).rejects.toBeInstanceOf(Fenced);
    await next.save({ by: "next" }, "whole");
    expect(await (await stateOf(topic, 0)).load()).toEqual({ states: [{ by: "next" }], problem: undefined });
  });

  test("what another version saved is not read, and what is damaged neither", async () => {
    const topic = await topicOf();
    const older = await stateOf(topic, 0, 1);
    await older.save({ of: "version 1" }, "whole");
    const newer = await stateOf(topic, 0, 2);
    expect(await newer.load()).toEqual({ states: [], problem: "written by another version" });
    const breaker = await producer(`${topic}-breaker`);
    const value = JSON.stringify({ version: 2, saves: [{ chunks: 1, bytes: 3, crc: 1 }] });
    await breaker.commit({ messages: [{ topic, partition: 0, key: "0/manifest", value }] });
    await eventually("it to be damaged", async () => (await newer.load()).problem === "damaged");
  });
});

describe("the cluster's topics", () => {
  const kinds = ["state", "decisions"] as const;
  const configOf = (change: object) =>
    clusterConfig.parse({ brokers: kafka.broker.brokers, prefix: randomUUID(), ...change });
  const prepare = (config: ReturnType<typeof configOf>) =>
    prepareTopics({ client: kafka.client, config, kinds, log: silentLog, clock: systemClock });

  test("are created when missing, and accepted when there", async () => {
    const config = configOf({ partitions: 3 });
    await Promise.all([prepare(config), prepare(config)]);
    await prepare(config);
    const admin = kafka.client.admin();
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata({ topics: [`${config.prefix}.state`] });
    await admin.disconnect();
    expect(topics[0]?.partitions).toHaveLength(5);
  });

  test("are asked for where they may not be created", async () => {
    const config = configOf({ createTopics: false });
    await expect(prepare(config)).rejects.toMatchObject({
      code: "CLUSTER_TOPICS",
      message: `Topics of the cluster are missing: ${config.prefix}.state, ${config.prefix}.decisions.`,
    });
  });

  test("are refused when they are otherwise", async () => {
    const config = configOf({ partitions: 3 });
    await kafka.broker.createTopic(`${config.prefix}.state`, 2);
    await expect(prepare(config)).rejects.toMatchObject({
      code: "CLUSTER_TOPICS",
      message: `Topics of the cluster are not as they have to be: ${config.prefix}.state has 2 partitions, and needs 5; ${config.prefix}.state has cleanup.policy=delete, and needs compact.`,
    });
  });

  test("can't have more copies than there are brokers", async () => {
    await expect(prepare(configOf({ replication: 3 }))).rejects.toMatchObject({ code: "CLUSTER_TOPICS" });
  });
});

// helpers

async function stateOf(topic: string, partition: number, version = 1): Promise<StateTopic> {
  const committer = await producer(`${topic}-${partition}`);
  return new StateTopic({ client: kafka.client, topic, partition, version, committer });
}

async function offsetOf(groupId: string, topic: string): Promise<string | undefined> {
  const admin = kafka.client.admin();
  await admin.connect();
  const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
  await admin.disconnect();
  return found?.partitions[0]?.offset;
}

function bytesOf({ buffer }: Float64Array): Buffer {
  return Buffer.from(buffer);
}
