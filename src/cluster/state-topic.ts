import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { constants, crc32, createZstdCompress, zstdDecompress } from "node:zlib";
import { z } from "zod";
import { readState, stateInPieces } from "../detect/state-bytes.ts";
import type { Committer } from "./commit.ts";
import type { Kafka } from "kafkajs";
import { PartitionReader, type StoredMessage } from "./partition-reader.ts";

const decompress = promisify(zstdDecompress);

const chunkBytes = 512 * 1024;
/** Records that are looked at first, from the end; a save is found in them unless it is large. */
const firstLook = 64;

/** The last record of a save; the records right before it are what was saved. */
const manifestSchema = z.object({ version: z.int(), chunks: z.int().min(1), crc: z.int() });
type Manifest = z.output<typeof manifestSchema>;

export interface StateTopicOptions {
  readonly client: Kafka;
  readonly topic: string;
  readonly partition: number;
  /** Changes whenever what is saved changes its meaning; an older state is then not read. */
  readonly version: number;
  /** The one whose opening fences whoever saved before. */
  readonly committer: Committer;
}

/**
 * A state that outlives its process, in one partition of the compacted topic `state`. Each save is one
 * transaction that writes over the one before: whoever loads finds the old one or the new one, never
 * half of one, and compaction keeps the newest alone.
 */
export class StateTopic {
  readonly #options: StateTopicOptions;
  /** Of the newest save: those beyond what the next one needs are buried. */
  #chunks = 0;

  constructor(options: StateTopicOptions) {
    this.#options = options;
  }

  /** Resolves when `state` is committed; until then it must not change. Rejects with `Fenced` when another has taken over. */
  async save(state: object): Promise<void> {
    const body = await compressed(stateInPieces(state));
    const chunks = Math.max(1, Math.ceil(body.length / chunkBytes));
    const manifest: Manifest = { version: this.#options.version, chunks, crc: crc32(body) };
    await this.#options.committer.commit({
      messages: [
        ...range(chunks, this.#chunks).map((i) => this.#record(`chunk/${i}`, null)),
        ...range(0, chunks).map((i) => this.#record(`chunk/${i}`, body.subarray(i * chunkBytes, (i + 1) * chunkBytes))),
        this.#record("manifest", JSON.stringify(manifest)),
      ],
    });
    this.#chunks = chunks;
  }

  /** Rejects with `Fenced` when another has opened the committer since; what is saved stays as it is. */
  confirm(): Promise<void> {
    return this.#options.committer.commit({ messages: [this.#record("confirmed", "")] });
  }

  /**
   * What was saved last, and committed; `problem` says why it can't be used, and then everything begins
   * anew. The committer has to be open: by then whoever saved before can save no more.
   */
  async load(): Promise<{ state: unknown; problem: string | undefined }> {
    const { client, topic, partition } = this.#options;
    const reader = await PartitionReader.open(client, topic, partition);
    try {
      return await this.#load(reader);
    } finally {
      await reader.close();
    }
  }

  async #load(reader: PartitionReader): Promise<{ state: unknown; problem: string | undefined }> {
    const { version } = this.#options;
    const [low, end] = [await reader.start(), await reader.end()];
    // From the end, since before it lies all that was saved in the last hour.
    for (let from = Math.max(low, end - firstLook); ;) {
      const records = await reader.readToEnd(from);
      const found = newestManifest(records);
      if (found === undefined || (found.first < from && from > low)) {
        if (from === low) return { state: undefined, problem: found === undefined ? undefined : "damaged" };
        from = Math.max(low, found?.first ?? low);
        continue;
      }
      const { manifest, first } = found;
      this.#chunks = manifest.chunks;
      if (manifest.version !== version) return { state: undefined, problem: "written by another version" };
      const body = Buffer.concat(
        records.flatMap(({ offset, value }) => {
          const isOfIt = Number(offset) >= first && Number(offset) < first + manifest.chunks;
          return isOfIt && value !== null ? [value] : [];
        }),
      );
      if (crc32(body) !== manifest.crc) return { state: undefined, problem: "damaged" };
      return { state: readState(await decompress(body)), problem: undefined };
    }
  }

  #record(key: string, value: Uint8Array | string | null) {
    const { topic, partition } = this.#options;
    return { topic, partition, key: `${partition}/${key}`, value };
  }
}

// helpers

function compressed(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const fast = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  return pipeline(Readable.from(pieces), fast, (bytes: AsyncIterable<Buffer>) => buffer(bytes));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}

/** The newest manifest, and the offset of what was saved with it. */
function newestManifest(records: readonly StoredMessage[]): { manifest: Manifest; first: number } | undefined {
  const record = records.findLast(({ key, value }) => key?.toString().endsWith("/manifest") === true && value !== null);
  if (record?.value == null) return undefined;
  const manifest = manifestSchema.parse(JSON.parse(record.value.toString()));
  return { manifest, first: Number(record.offset) - manifest.chunks };
}
