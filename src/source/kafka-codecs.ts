import { gunzipSync, gzipSync, zstdDecompressSync } from "node:zlib";
import kafkajs from "kafkajs";
import { decompressFrameSync } from "lz4-napi";
import snappy from "snappyjs";

/** A record batch that inflates to more is treated as one that can't be decompressed: brokers take about 1 MiB by default. */
const maxInflatedBytes = 128 * 1024 ** 2;

type Inflate = (compressed: Buffer) => Buffer;

/** How each codec's bytes are inflated; throws on bytes that are none, or inflate beyond the bound. */
export const inflaters = {
  gzip: (compressed) => gunzipSync(compressed, { maxOutputLength: maxInflatedBytes }),
  snappy: inflateSnappy,
  lz4: inflateLz4,
  zstd: (compressed) => zstdDecompressSync(compressed, { maxOutputLength: maxInflatedBytes }),
} as const satisfies Record<string, Inflate>;

/**
 * Teaches kafkajs snappy, lz4 and zstd, and bounds gzip. Its table of codecs is state of that
 * library, shared by all clients of the process; registering twice is harmless.
 *
 * A batch that can't be decompressed would stop its partition for ever, since kafkajs fetches it
 * again and again. Instead all its records come through as placeholders (`isUndecodable`).
 */
export function registerKafkaCodecs(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  let standIns: Buffer | undefined;
  const reading = (inflate: Inflate) => ({
    compress: () => Promise.reject(new Error("gatewatch writes to Kafka with gzip or uncompressed only")),
    decompress: (compressed: Buffer) => {
      try {
        return Promise.resolve(inflate(compressed));
      } catch {
        // Counted: each placeholder becomes a refused record. kafkajs reads as many as the batch says it has.
        standIns ??= placeholders();
        return Promise.resolve(standIns);
      }
    },
  });
  CompressionCodecs[CompressionTypes.GZIP] = () => ({
    ...reading(inflaters.gzip),
    compress: (encoder: { buffer: Buffer }) => Promise.resolve(gzipSync(encoder.buffer)),
  });
  CompressionCodecs[CompressionTypes.Snappy] = () => reading(inflaters.snappy);
  CompressionCodecs[CompressionTypes.LZ4] = () => reading(inflaters.lz4);
  CompressionCodecs[CompressionTypes.ZSTD] = () => reading(inflaters.zstd);
}

/** Nobody is harmed by a producer that uses this key: its records are counted as undecodable. */
export const undecodableKey = Buffer.from("\u0000gw-undecodable");

/** Whether a record only stands in for one whose batch could not be decompressed. */
export function isUndecodable(key: Buffer | null): boolean {
  return key !== null && key.equals(undecodableKey);
}

// helpers

/** As many records as kafkajs can take from one batch (it passes them as arguments of one call). */
const maxPlaceholders = 125_000;

/** Encoded records without a value, each with its place in the batch, in Kafka's record format 2. */
function placeholders(): Buffer {
  const records: Buffer[] = [];
  for (let i = 0; i < maxPlaceholders; i++) {
    const body = Buffer.concat([
      Buffer.of(0, 0), // attributes, time after the batch's first
      zigZag(i),
      zigZag(undecodableKey.length),
      undecodableKey,
      zigZag(-1), // no value
      zigZag(0), // no headers
    ]);
    records.push(zigZag(body.length), body);
  }
  return Buffer.concat(records);
}

/** A signed number as Kafka writes it in records: zigzag, seven bits a byte, lowest first. */
function zigZag(value: number): Buffer {
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  const bytes: number[] = [];
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
/** Magic, version, lowest compatible version. */
const xerialHeaderBytes = 16;

/** Raw snappy, or the blocks that Java's xerial library writes: a header, then length and raw snappy, repeated. */
function inflateSnappy(compressed: Buffer): Buffer {
  if (!compressed.subarray(0, 8).equals(xerialMagic)) return snappy.uncompress(compressed, maxInflatedBytes);
  const blocks: Buffer[] = [];
  let inflated = 0;
  for (let at = xerialHeaderBytes; at < compressed.length;) {
    const length = compressed.readUInt32BE(at);
    const block = compressed.subarray(at + 4, at + 4 + length);
    if (block.length < length) throw new RangeError("a snappy block is cut off");
    blocks.push(snappy.uncompress(block, maxInflatedBytes - inflated));
    inflated += blocks.at(-1)?.length ?? 0;
    at += 4 + length;
  }
  return Buffer.concat(blocks);
}

/** An LZ4 frame; its blocks are added up first, since the library itself has no bound. */
function inflateLz4(compressed: Buffer): Buffer {
  if (lz4MaxInflatedBytes(compressed) > maxInflatedBytes) throw new RangeError("an LZ4 frame is too large");
  return decompressFrameSync(compressed);
}

/** No block inflates by more than this factor: one byte of length stands for 255. */
const lz4MaxRatio = 255;

function lz4MaxInflatedBytes(frame: Buffer): number {
  const flags = frame.readUInt8(4);
  const maxBlockBytes = 256 * 4 ** ((frame.readUInt8(5) >> 4) & 7);
  let at = 7 + (flags & 0x08 ? 8 : 0) + (flags & 0x01 ? 4 : 0);
  let total = 0;
  for (;;) {
    const size = frame.readUInt32LE(at);
    if (size === 0) return total;
    const stored = size & 0x7fffffff;
    total += Math.min(maxBlockBytes, stored * lz4MaxRatio);
    at += 4 + stored + (flags & 0x10 ? 4 : 0);
  }
}
