import { randomUUID } from "node:crypto";
import kafkajs, { type Producer } from "kafkajs";
import { afterEach, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { CompactedTopic, type CompactedTopicOptions } from "../../src/cluster/compacted-topic.ts";
import { silentLog } from "../../src/log.ts";
import { eventually } from "../support/eventually.ts";
import { useKafka } from "../support/use-kafka.ts";

const kafka = useKafka();
const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function compacted(settings: Record<string, string> = {}): Promise<string> {
  const topic = `set-${randomUUID()}`;
  const configEntries = Object.entries({ "cleanup.policy": "compact", ...settings }).map(([name, value]) => ({
    name,
    value,
  }));
  const admin = kafka.client.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries }], waitForLeaders: true });
  await admin.disconnect();
  return topic;
}

async function producer(transactionalId?: string): Promise<Producer> {
  const made = kafka.client.producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    ...(transactionalId === undefined ? {} : { transactionalId, idempotent: true, maxInFlightRequests: 1 }),
  });
  await made.connect();
  ends.push(() => made.disconnect());
  return made;
}

async function send(to: Pick<Producer, "send">, topic: string, records: Record<string, string | null>): Promise<void> {
  const messages = Object.entries(records).map(([key, value]) => ({ key, value, partition: 0 }));
  await to.send({ topic, messages });
}

/** Follows a topic; `set` is what its keys stand for. */
function follow(topic: string, change: Partial<CompactedTopicOptions> = {}) {
  const set = new Map<string, string>();
  const told: string[] = [];
  const following = new CompactedTopic({
    ...{ client: kafka.client, topic, clock: systemClock, log: silentLog },
    onRecords: (records) => {
      for (const { key, value } of records) {
        told.push(`${key}=${value?.toString() ?? ""}`);
        if (value === undefined) set.delete(key!);
        else set.set(key!, value.toString());
      }
    },
    ...change,
  });
  following.start();
  ends.push(() => following.stop());
  return { following, set, told };
}

test("an empty topic is read at once, and then followed", async () => {
  const topic = await compacted();
  const { following, set } = follow(topic);
  await following.caughtUp;
  expect(set.size).toBe(0);
  await send(await producer(), topic, { a: "1", b: "2" });
  await eventually("both keys", () => set.size === 2);
});

test("the newest value of each key is known when it has caught up, and a tombstone is told of", async () => {
  const topic = await compacted();
  const writer = await producer();
  await send(writer, topic, { a: "1", b: "2" });
  await send(writer, topic, { a: "3", b: null });
  const { following, set, told } = follow(topic);
  await following.caughtUp;
  expect([...set]).toEqual([["a", "3"]]);
  expect(told.at(-1)).toBe("b=");
});

test("a topic with nothing but tombstones is read to its end", async () => {
  const topic = await compacted();
  await send(await producer(), topic, { a: null, b: null });
  const { following, told } = follow(topic);
  await following.caughtUp;
  expect(told).toEqual(["a=", "b="]);
});

test("markers at the end, and transactions that were given up, are no records, and nothing is waited for", async () => {
  const topic = await compacted();
  const writer = await producer(`${topic}-writer`);
  const kept = await writer.transaction();
  await send(kept, topic, { a: "1" });
  await kept.commit();
  const given = await writer.transaction();
  await send(given, topic, { a: "wrong" });
  await given.abort();
  const { following, set, told } = follow(topic);
  await following.caughtUp;
  expect([...set]).toEqual([["a", "1"]]);
  expect(told).toEqual(["a=1"]);
});

test("what an open transaction wrote is not waited for; it is told once it is committed", async () => {
  const topic = await compacted();
  await send(await producer(), topic, { a: "1" });
  const writer = await producer(`${topic}-writer`);
  const open = await writer.transaction();
  await send(open, topic, { b: "2" });
  await send(await producer(), topic, { c: "3" }); // behind it: not stable either
  const { following, set } = follow(topic);
  await following.caughtUp;
  expect([...set.keys()]).toEqual(["a"]);
  await open.commit();
  await eventually("the rest", () => set.size === 3);
});

test("batches that compaction has emptied, with nothing after them, do not hold it up", async () => {
  const topic = await compacted({
    ...{ "segment.ms": "50", "min.cleanable.dirty.ratio": "0", "delete.retention.ms": "0", "min.compaction.lag.ms": "0" },
    ...{ "max.compaction.lag.ms": "10", "file.delete.delay.ms": "0" },
  }); // prettier-ignore
  const admin = kafka.client.admin();
  await admin.connect();
  ends.push(() => admin.disconnect());
  const backOff = [{ name: "log.cleaner.backoff.ms", value: "50" }];
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.BROKER, name: "1", configEntries: backOff }],
  });
  const writer = await producer(`${topic}-writer`);
  for (let i = 0; i < 5; i++) {
    const transaction = await writer.transaction();
    await send(transaction, topic, Object.fromEntries(Array.from({ length: 20 }, (_, k) => [`${i}-${k}`, `${i}`])));
    await send(transaction, topic, Object.fromEntries(Array.from({ length: 20 }, (_, k) => [`${i}-${k}`, null])));
    await transaction.commit();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  // The last segment is not compacted: one record is left there, and what is before it goes.
  await send(writer, topic, { last: "1" }).catch(async () => send(await producer(), topic, { last: "1" }));
  const { told } = await eventually("a compacted topic", async () => {
    const reading = follow(topic);
    await reading.following.caughtUp;
    await reading.following.stop();
    return reading.told.length < 40 && reading;
  });
  expect(told.at(-1)).toBe("last=1");
});

test("a broker that restarts only delays it: it goes on where it was, and says why it waited", async () => {
  const topic = await compacted();
  await send(await producer(), topic, { a: "1" });
  const trouble: (string | undefined)[] = [];
  const { following, told } = follow(topic, { onTrouble: (reason) => trouble.push(reason) });
  await following.caughtUp;
  await kafka.broker.kill();
  await eventually("the trouble", () => trouble.length > 0);
  await kafka.broker.restart();
  await send(await producer(), topic, { a: "2" });
  await eventually("what came after", () => told.includes("a=2"));
  expect(told).toEqual(["a=1", "a=2"]);
  expect(trouble).toEqual(["broker_unreachable", undefined]);
});

test("readToEnd waits for what is committed when it is asked, and for no more", async () => {
  const topic = await compacted();
  const writer = await producer();
  const { following, set } = follow(topic);
  await following.caughtUp;
  for (let i = 0; i < 20; i++) {
    await send(writer, topic, { a: String(i) });
    await following.readToEnd();
    expect(set.get("a")).toBe(String(i));
  }
});

test("a topic that was made anew is told whole again, after word that nothing holds any more", async () => {
  const topic = await compacted();
  const writer = await producer();
  await send(writer, topic, { a: "1", b: "2", c: "3" });
  const resets: number[] = [];
  const { following, told } = follow(topic, { onReset: () => resets.push(told.length) });
  await following.caughtUp;
  const admin = kafka.client.admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [topic] });
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
  await admin.disconnect();
  await send(await producer(), topic, { z: "9" });
  await eventually("the new topic", () => told.includes("z=9"));
  expect(resets).toEqual([3]);
});

test("what can't be handled is told again, and nothing is told after stop", async () => {
  const topic = await compacted();
  await send(await producer(), topic, { a: "1" });
  const failing = { times: 2 };
  const seen: number[] = [];
  const { following } = follow(topic, {
    onRecords: (records) => {
      if (failing.times-- > 0) throw new Error("not now");
      seen.push(...records.map(({ offset }) => offset));
    },
  });
  await following.caughtUp;
  expect(seen).toEqual([0]);
  await following.stop();
  await send(await producer(), topic, { a: "2" });
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(seen).toEqual([0]);
  await expect(following.readToEnd()).rejects.toThrow("was stopped");
});
