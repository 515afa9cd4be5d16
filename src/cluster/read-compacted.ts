import type { Kafka } from "kafkajs";
import { PartitionReader } from "./partition-reader.ts";

/** What a compacted topic of one partition says now: the newest committed value of each key that has one. */
export async function readCompacted(client: Kafka, topic: string): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  const reader = await PartitionReader.open(client, topic, 0);
  try {
    const end = await reader.end();
    for (let next = await reader.start(); next < end;) {
      const fetched = await reader.fetch(next);
      for (const { key, value } of fetched.messages) {
        if (value === null) values.delete(String(key));
        else values.set(String(key), value.toString());
      }
      next = fetched.next;
    }
    return values;
  } finally {
    await reader.close();
  }
}
