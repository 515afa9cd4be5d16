import { createRequire } from "node:module";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { compressFrameSync } from "lz4-napi";
import snappy from "snappyjs";
import { beforeAll, describe, expect, test } from "vitest";
import { inflaters, isUndecodable, registerKafkaCodecs } from "../../src/source/kafka-codecs.ts";

const text = "the same text ".repeat(20);

/** What Java clients send: written by snappy-java, zstd-jni, and Kafka's own LZ4 and gzip streams. */
const fromJava = {
  snappy: "82534e415050590000000001000000010000001f9802347468652073616d65207465787420fe0e00fe0e00fe0e00fe0e00190e",
  zstd: "28b52ffd0058ad0000707468652073616d65207465787420010007a14e25",
  lz4: "04224d1860408218000000ef7468652073616d652074657874200e00f250746578742000000000",
  gzip: "1f8b08000000000000ff2bc94855284ecc4d552849ad28512819e54179007fbe4e3a18010000",
} as const;

const codecs = Object.keys(fromJava) as (keyof typeof fromJava)[];

describe("inflaters", () => {
  test.for(codecs)("%s from Java", (codec) => {
    expect(inflaters[codec](Buffer.from(fromJava[codec], "hex")).toString()).toBe(text);
  });

  test("snappy without framing, and several framed blocks", () => {
    const block = snappy.compress(Buffer.from(text));
    expect(inflaters.snappy(block).toString()).toBe(text);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(block.length);
    const header = Buffer.from(fromJava.snappy.slice(0, 32), "hex");
    const framed = Buffer.concat([header, length, block, length, block]);
    expect(inflaters.snappy(framed).toString()).toBe(text + text);
  });

  test.for(codecs)("%s: bytes that are none, or cut off, throw", (codec) => {
    const whole = Buffer.from(fromJava[codec], "hex");
    expect(() => inflaters[codec](Buffer.from("no compressed bytes at all"))).toThrow(Error);
    expect(() => inflaters[codec](whole.subarray(0, whole.length - 6))).toThrow(Error);
  });

  const bomb = Buffer.alloc(130 * 1024 ** 2);
  test.for<[keyof typeof fromJava, () => Buffer]>([
    ["gzip", () => gzipSync(bomb)],
    ["zstd", () => zstdCompressSync(bomb)],
    ["lz4", () => compressFrameSync(bomb)],
    ["snappy", () => Buffer.concat([Buffer.from([0xff, 0xff, 0xff, 0x7f]), Buffer.alloc(100)])],
  ])("%s: a bomb throws", ([codec, make]) => {
    expect(() => inflaters[codec](make())).toThrow(/larger|large|big/);
  });
});

describe("a record batch that can't be decompressed", () => {
  interface DecodedRecord {
    offset: string;
    key: Buffer | null;
    value: Buffer | null;
  }
  const load = createRequire(import.meta.url);
  const Decoder = load("kafkajs/src/protocol/decoder") as new (bytes: Buffer) => object;
  const decodeBatch = load("kafkajs/src/protocol/recordBatch/v0/decoder") as (
    decoder: object,
  ) => Promise<{ records: DecodedRecord[] }>;

  beforeAll(() => registerKafkaCodecs());

  /** A record batch (format 2) of `count` records whose compressed bytes are garbage. */
  function corrupt(codec: number, count: number): Buffer {
    const garbage = Buffer.from("garbage garbage garbage");
    const header = Buffer.alloc(61);
    header.writeBigInt64BE(1_000n, 0); // first offset
    header.writeInt32BE(header.length - 12 + garbage.length, 8);
    header.writeInt8(2, 16); // format
    header.writeInt16BE(codec, 21);
    header.writeInt32BE(count, 57);
    return Buffer.concat([header, garbage]);
  }

  test.for<[string, number]>([
    ["gzip", 1],
    ["snappy", 2],
    ["lz4", 3],
    ["zstd", 4],
  ])("%s: every record of it comes through kafkajs as undecodable, at its offset", async ([, codec]) => {
    for (const count of [1, 200, 70_000]) {
      const { records } = await decodeBatch(new Decoder(corrupt(codec, count)));
      expect(records).toHaveLength(count);
      expect(records.every(({ key, value }) => isUndecodable(key) && value === null)).toBe(true);
      expect([records[0]?.offset, records.at(-1)?.offset]).toEqual(["1000", String(1_000 + count - 1)]);
    }
  });
});

test("ordinary keys are no placeholders", () => {
  expect([isUndecodable(null), isUndecodable(Buffer.from("")), isUndecodable(Buffer.from("user-7"))]).toEqual([
    false,
    false,
    false,
  ]);
});
