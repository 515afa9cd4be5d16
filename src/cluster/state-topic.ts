import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { constants, crc32, createZstdCompress, zstdDecompress } from "node:zlib";
import { z } from "zod";
import type { SaveExtent } from "../detect/save-extent.ts";
import { readState, stateInPieces } from "../detect/state-bytes.ts";
import type { Committer } from "./commit.ts";
import type { Kafka } from "kafkajs";
import { PartitionReader, type StoredMessage } from "./partition-reader.ts";

const decompress = promisify(zstdDecompress);

const chunkBytes = 512 * 1024;
/** Records that are looked at first, from the end; a save is found in them unless it is large. */
const firstLook = 64;

/** After so many changes everything is saved again: each of them is read at the next start. */
const mostSaves = 100;

/** One of several saves: in so many records, with keys of its own. */
const saveSchema = z.object({ chunks: z.int().min(1), bytes: z.int().min(1), crc: z.int() });
/** The last record of a save: what was saved whole, and the changes after it. */
const manifestSchema = z.object({ version: z.int(), saves: z.array(saveSchema).min(1) });
type Save = z.output<typeof saveSchema>;
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

/** What was saved whole, and the changes after it; empty where nothing was, or with a `problem`. */
export interface LoadedStates {
  readonly states: readonly unknown[];
  readonly problem: string | undefined;
}

/**
 * A state that outlives its process, in one partition of the compacted topic `state`: saved whole, and then what has
 * changed since, until the changes are as large as the whole. Each save is one transaction: whoever loads finds all of
 * it or what was there before, never half of one, and compaction keeps what is needed alone.
 */
export class StateTopic {
  readonly #options: StateTopicOptions;
  /** What is there: whole first, then changes. */
  #saves: readonly Save[] = [];

  constructor(options: StateTopicOptions) {
    this.#options = options;
  }

  /** How much is to be saved next. */
  get extent(): SaveExtent {
    const [whole, ...changes] = this.#saves;
    const changed = changes.reduce((sum, { bytes }) => sum + bytes, 0);
    return whole !== undefined && changed < whole.bytes && this.#saves.length < mostSaves ? "changes" : "whole";
  }

  /**
   * Resolves when `state` is committed; until then it must not change. Changes are those since what was saved last.
   * Rejects with `Fenced` when another has taken over.
   */
  async save(state: object, extent: SaveExtent): Promise<void> {
    const body = await compressed(stateInPieces(state));
    const save = { chunks: Math.ceil(body.length / chunkBytes), bytes: body.length, crc: crc32(body) };
    const before = extent === "whole" ? [] : this.#saves;
    const manifest: Manifest = { version: this.#options.version, saves: [...before, save] };
    const fresh = keysOf([save], before.length);
    const isKept = new Set(keysOf(manifest.saves));
    await this.#options.committer.commit({
      messages: [
        ...keysOf(this.#saves).flatMap((key) => (isKept.has(key) ? [] : this.#record(key, null))),
        ...fresh.map((key, i) => this.#record(key, body.subarray(i * chunkBytes, (i + 1) * chunkBytes))),
        this.#record("manifest", JSON.stringify(manifest)),
      ],
    });
    this.#saves = manifest.saves;
  }

  /** Rejects with `Fenced` when another has opened the committer since; what is saved stays as it is. */
  confirm(): Promise<void> {
    return this.#options.committer.commit({ messages: [this.#record("confirmed", "")] });
  }

  /**
   * What was saved last, and committed; `problem` says why it can't be used, and then everything begins
   * anew. The committer has to be open: by then whoever saved before can save no more.
   */
  async load(): Promise<LoadedStates> {
    const { client, topic, partition } = this.#options;
    const reader = await PartitionReader.open(client, topic, partition);
    try {
      return await this.#load(reader);
    } finally {
      await reader.close();
    }
  }

  async #load(reader: PartitionReader): Promise<LoadedStates> {
    const { partition, version } = this.#options;
    const [low, end] = [await reader.start(), await reader.end()];
    // From the end, since before it may lie all that was saved in the last hour.
    for (let look = firstLook; ; look *= 4) {
      const from = Math.max(low, end - look);
      const newest = newestRecords(await reader.readToEnd(from));
      const written = newest.get(`${partition}/manifest`);
      if (written === undefined) {
        if (from > low) continue;
        return { states: [], problem: newest.size === 0 ? undefined : "damaged" };
      }
      const { data: manifest } = manifestSchema.safeParse(JSON.parse(written.toString()));
      if (manifest?.version !== version) return { states: [], problem: "written by another version" };
      const chunks = keysOf(manifest.saves).map((key) => newest.get(`${partition}/${key}`));
      // The first of them lie further back.
      if (from > low && chunks.includes(undefined)) continue;
      this.#saves = manifest.saves;
      return statesOf(manifest.saves, chunks);
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

/** The keys of their records; `first`: the number of the first of the saves. */
function keysOf(saves: readonly Save[], first = 0): string[] {
  return saves.flatMap(({ chunks }, i) => Array.from({ length: chunks }, (_, chunk) => `${first + i}/${chunk}`));
}

/** By key, what was written last, and not taken away. */
function newestRecords(records: readonly StoredMessage[]): Map<string, Buffer> {
  const newest = new Map<string, Buffer>();
  for (const { key, value } of records) {
    const name = key?.toString() ?? "";
    if (value === null) newest.delete(name);
    else newest.set(name, value);
  }
  return newest;
}

/** `chunks`: of all saves, one after the other. */
async function statesOf(saves: readonly Save[], chunks: readonly (Buffer | undefined)[]): Promise<LoadedStates> {
  const states: unknown[] = [];
  let next = 0;
  for (const save of saves) {
    const body = Buffer.concat(chunks.slice(next, next + save.chunks).flatMap((chunk) => chunk ?? []));
    next += save.chunks;
    if (crc32(body) !== save.crc) return { states: [], problem: "damaged" };
    states.push(readState(await decompress(body)));
  }
  return { states, problem: undefined };
}
