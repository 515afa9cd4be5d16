import { createRequire } from "node:module";
import { gzipSync, zstdCompressSync } from "node:zlib";
import * as fc from "fast-check";
import { compressFrameSync } from "lz4-napi";
import snappy from "snappyjs";
import { beforeAll, describe, expect, test } from "vitest";
import { isUndecodable, registerKafkaCodecs } from "../../src/source/kafka-codecs.ts";
import { decodeFetch } from "../../src/source/kafka-fetch.ts";
import { type FetchedRecord, markAborted, offsetAfter, readRecordBatches } from "../../src/source/kafka-records.ts";
import { type ABatch, fetchAnswer, recordBatch } from "../support/kafka-wire.ts";

const load = createRequire(import.meta.url);
const { decode } = load("kafkajs/src/protocol/requests/fetch/v11/response") as {
  decode: (bytes: Buffer) => Promise<ReturnType<typeof decodeFetch>>;
};

const compress = [
  (body: Buffer) => body,
  (body: Buffer) => gzipSync(body),
  (body: Buffer) => snappy.compress(body),
  (body: Buffer) => compressFrameSync(body),
  (body: Buffer) => zstdCompressSync(body),
];

const batches = fc.record({
  firstOffset: fc.nat(2 ** 40),
  firstTimestamp: fc.constantFrom(-1, 0, 1_790_000_000_000),
  maxTimestamp: fc.constantFrom(1_790_000_000_001),
  producerId: fc.constantFrom(-1, 7, 2 ** 33),
  flags: fc.constantFrom(0, 0x08, 0x10, 0x30),
  codec: fc.nat(4),
  records: fc.array(
    fc.record({
      offsetDelta: fc.nat(70_000),
      timestampDelta: fc.oneof(fc.nat(300), fc.integer({ min: -(2 ** 31), max: 2 ** 31 }), fc.constant(2 ** 40)),
      key: fc.option(fc.uint8Array({ maxLength: 9 })),
      value: fc.option(fc.uint8Array({ maxLength: 400 })),
      headers: fc.array(fc.tuple(fc.constantFrom("trace", "é", "n"), fc.option(fc.uint8Array({ maxLength: 200 }))), {
        maxLength: 3,
      }),
    }),
    { minLength: 1, maxLength: 5 },
  ),
});

/** Without what we mark ourselves, and kafkajs later. */
const plain = ({ offset, timestamp, key, value, headers, isControlRecord, batchContext }: FetchedRecord) => ({
  ...{ offset, timestamp, key, value, headers: { ...headers } },
  isControlRecord: isControlRecord && !batchContext.isAborted,
  ...{ producerId: batchContext.producerId, inTransaction: batchContext.inTransaction },
});

const written = (batch: ABatch) => recordBatch(batch, compress[batch.codec]!);

beforeAll(registerKafkaCodecs);

describe("decodeFetch", () => {
  test("reads what kafkajs reads, whatever brokers send", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(batches, { maxLength: 3 }), fc.nat(60), async (sent, cut) => {
        const whole = Buffer.concat(sent.map(written));
        // Brokers cut the last batch off wherever the answer is full.
        const bytes = fetchAnswer("logs", [whole, Buffer.concat([whole, whole.subarray(0, cut)])]);
        const [ours, theirs] = [decodeFetch(bytes)!, (await decode(bytes))!];
        const flat = ({ responses, ...head }: typeof ours) => ({
          ...head,
          responses: responses.map(({ topicName, partitions }) => ({
            topicName,
            partitions: partitions.map(({ messages, ...partition }) => ({
              // kafkajs doesn't tell the one, and leaves out what was given up itself.
              ...{ ...partition, next: undefined, abortedTransactions: [] },
              messages: messages.map(plain),
            })),
          })),
        });
        expect(flat(ours)).toEqual(flat(theirs));
        expect(ours.responses[0]!.partitions[0]!.messages).toHaveLength(sent.flatMap(({ records }) => records).length);
      }),
    );
  });

  test("an older format is left to kafkajs", () => {
    const old = written(aBatch());
    old[16] = 1;
    expect(decodeFetch(fetchAnswer("logs", [old]))).toBeUndefined();
  });
});

describe("readRecordBatches", () => {
  test.for<[string, (bytes: Buffer) => void]>([
    ["is shorter than its count says", (bytes) => bytes.writeInt32BE(4, 57)],
    ["has a record that is longer than it says", (bytes) => bytes.writeUInt8(2, 61)],
    ["has a value beyond its end", (bytes) => bytes.writeUInt8(126, 66)],
    ["is no gzip", (bytes) => bytes.writeInt16BE(1, 21)],
    ["has a codec that nobody knows", (bytes) => bytes.writeInt16BE(7, 21)],
  ])("a batch that %s comes through as undecodable, and the next one is read", ([, spoil]) => {
    const bad = written(aBatch());
    spoil(bad);
    const read = readRecordBatches(Buffer.concat([bad, written({ ...aBatch(), firstOffset: 20 })]))!;
    expect(read.map(({ key, offsetNumber }) => [isUndecodable(key), offsetNumber])).toEqual([
      ...[0, 1, 2].map((delta) => [true, 10 + delta]),
      ...[0, 1, 2].map((delta) => [false, 20 + delta]),
    ]);
  });
});

// helpers

/** Three records, uncompressed. */
function aBatch(): ABatch {
  const record = { timestampDelta: 0, key: null, value: Buffer.from("line"), headers: [] };
  return {
    ...{ firstOffset: 10, firstTimestamp: 1_000, maxTimestamp: 1_000, producerId: -1, flags: 0, codec: 0 },
    records: [0, 1, 2].map((offsetDelta) => ({ ...record, offsetDelta })),
  };
}

test("what was sent goes on to the end of its last whole batch, also where compaction has left nothing in it", () => {
  const record = { offsetDelta: 5, timestampDelta: 0, key: null, value: null, headers: [] };
  const fields = { firstTimestamp: 0, maxTimestamp: 0, producerId: 7, flags: 0x10, codec: 0, records: [record] };
  const whole = recordBatch({ ...fields, firstOffset: 100 }, (body) => body);
  const emptied = Buffer.from(recordBatch({ ...fields, firstOffset: 106 }, () => Buffer.alloc(0)));
  emptied.writeInt32BE(0, 57);
  expect(offsetAfter(Buffer.concat([whole, emptied, whole.subarray(0, 30)]))).toBe(112);
  expect(readRecordBatches(Buffer.concat([whole, emptied]))).toHaveLength(1);
  expect(decodeFetch(fetchAnswer("t", [emptied]))?.responses[0]?.partitions[0]).toMatchObject({
    next: 112,
    messages: [],
  });
  expect(offsetAfter(Buffer.alloc(0))).toBeUndefined();
});

describe("transactions that were given up", () => {
  const [aRecord] = aBatch().records;
  const data = (firstOffset: number, producerId: number): ABatch => ({
    ...{ ...aBatch(), firstOffset, producerId, flags: 0x10 },
    records: [aRecord!],
  });
  const marker = (firstOffset: number, producerId: number, type: "commit" | "abort") => ({
    ...data(firstOffset, producerId),
    flags: 0x30,
    records: [{ ...aRecord!, key: Buffer.from([0, 0, 0, type === "commit" ? 1 : 0]) }],
  });
  const shown = (batches: ABatch[], aborted: { producerId: string; firstOffset: string }[]) => {
    const records = readRecordBatches(Buffer.concat(batches.map(written)))!;
    markAborted(records, aborted);
    return records.filter(({ isControlRecord }) => !isControlRecord).map(({ offsetNumber }) => offsetNumber);
  };

  test("are not shown, whoever else writes between", () => {
    const batches = [
      data(1, 7),
      data(2, 8),
      marker(3, 7, "abort"),
      data(4, 7),
      marker(5, 8, "commit"),
      marker(6, 7, "commit"),
    ];
    expect(shown(batches, [{ producerId: "7", firstOffset: "1" }])).toEqual([2, 4]);
  });

  test("are not shown where several began before what was fetched", () => {
    const batches = [
      data(11, 9),
      data(12, 8),
      data(13, 7),
      marker(14, 7, "abort"),
      marker(15, 8, "abort"),
      marker(16, 9, "abort"),
    ];
    const aborted = [{ producerId: "7", firstOffset: "3" }, { producerId: "8", firstOffset: "5" }, { producerId: "9", firstOffset: "6" }]; // prettier-ignore
    expect(shown(batches, aborted)).toEqual([]);
  });

  test("of one producer, one after the other", () => {
    const batches = [
      data(1, 7),
      marker(2, 7, "abort"),
      data(3, 7),
      marker(4, 7, "commit"),
      data(5, 7),
      marker(6, 7, "abort"),
    ];
    const aborted = [
      { producerId: "7", firstOffset: "1" },
      { producerId: "7", firstOffset: "5" },
    ];
    expect(shown(batches, aborted)).toEqual([3]);
  });
});
