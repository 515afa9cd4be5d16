import type { KafkaMessage } from "kafkajs";
import { expect, test } from "vitest";
import { rawBatches } from "../../src/source/kafka-batches.ts";

const message = (offset: number, value: string | null, timestamp = "1000"): KafkaMessage => ({
  key: null,
  value: value === null ? null : Buffer.from(value),
  timestamp,
  attributes: 0,
  offset: String(offset),
  headers: {},
});

const cut = (messages: KafkaMessage[], start = 0, maxRecordBytes = 1024 ** 2) => [
  ...rawBatches({ messages }, { source: "edge", partition: "edge:t/0", start, maxRecordBytes, receivedAt: 7 }),
];

test("at most 2,000 records a batch, in order; each says where to go on", () => {
  const batches = cut(Array.from({ length: 4_500 }, (_, i) => message(100 + i, `line ${i}`)));
  expect(batches.map(({ records, next }) => [records.length, next])).toEqual([
    [2_000, "2100"],
    [2_000, "4100"],
    [500, "4600"],
  ]);
  expect(batches.flatMap(({ offsets }) => offsets)).toEqual(Array.from({ length: 4_500 }, (_, i) => 100 + i));
});

test("about 4 MiB a batch", () => {
  const line = "x".repeat(1024 ** 2);
  expect(cut(Array.from({ length: 9 }, (_, i) => message(i, line))).map(({ records }) => records.length)).toEqual([
    4, 4, 1,
  ]);
});

test("records before the start are left out", () => {
  expect(cut([message(5, "a"), message(6, "b")], 6).map(({ records }) => records)).toEqual([["b"]]);
  expect(cut([message(5, "a")], 6)).toEqual([]);
});

test("bytes are handed on as they are, gzip or no text at all", () => {
  const value = Buffer.from([0x1f, 0x8b, 0xff, 0x00]);
  const given = { source: "tallies", partition: "tallies:t/0", start: 0, maxRecordBytes: 1024, receivedAt: 7 };
  const [batch] = rawBatches({ messages: [{ ...message(0, ""), value }] }, { ...given, payload: "bytes" });
  expect(batch?.records).toEqual([value]);
});

test("a tombstone is an empty record; no timestamp is the time of arrival", () => {
  const [batch] = cut([message(1, null), message(2, "a", "-1")]);
  expect([batch?.records, batch?.timestamps]).toEqual([
    ["", "a"],
    [1000, 7],
  ]);
});

test("a record over the bound is refused with its head; gaps in offsets are fine", () => {
  const [batch] = cut([message(1, "a"), message(9, "y".repeat(1_000))], 0, 10);
  expect(batch).toMatchObject({ records: ["a"], offsets: [1], next: "10" });
  expect(batch?.refused).toEqual([{ offset: 9, reason: "too_long", head: "y".repeat(300) }]);
});
