import type { Kafka } from "kafkajs";
import { type Clock, sleep } from "../clock.ts";
import type { Log } from "../log.ts";
import { errorText, type KafkaTrouble, kafkaTrouble } from "../source/kafka-client.ts";
import { registerKafkaCodecs } from "../source/kafka-codecs.ts";
import { PartitionReader } from "./partition-reader.ts";

/** After a failure it is tried again; the wait doubles, up to what a restarting broker takes anyway. */
const firstWaitMs = 100;
const longestWaitMs = 2_000;

/** One key's newest value, or that it has none any more. */
export interface CompactedRecord {
  /** `undefined`: the record had none, which a compacted topic doesn't take. */
  readonly key: string | undefined;
  /** `undefined`: a tombstone. A part of a larger buffer: copy what is kept. */
  readonly value: Buffer | undefined;
  readonly offset: number;
}

interface Waiting {
  readonly end: number;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

export interface CompactedTopicOptions {
  readonly client: Kafka;
  readonly topic: string;
  /** 0 unless given. */
  readonly partition?: number;
  /** Where reading begins; with the oldest record unless given. */
  readonly from?: (reader: PartitionReader) => Promise<number>;
  readonly clock: Clock;
  readonly log: Log;
  /** Some at a time, in order, committed ones alone. The next are fetched once it resolves: nothing piles up. */
  readonly onRecords: (records: readonly CompactedRecord[]) => void | Promise<void>;
  /** Everything was told of that was committed when reading began; again after each reset. */
  readonly onCaughtUp?: () => void;
  /** The topic was made anew, or lost its end: nothing that was told holds, and all is told again. */
  readonly onReset?: () => void;
  /** Why it can't be read for now; `undefined` once it can be. */
  readonly onTrouble?: (reason: KafkaTrouble | undefined) => void;
}

/**
 * Reads the whole of one partition of a compacted topic, then follows it. Broker restarts and new leaders
 * only delay it: it goes on where it was. Belongs to no consumer group, and holds one fetch at a time.
 */
export class CompactedTopic {
  readonly #options: CompactedTopicOptions;
  readonly #stopped = new AbortController();
  readonly #waiting = new Set<Waiting>();
  readonly #caughtUp = Promise.withResolvers<void>();
  #isCaughtUp = false;
  #next: number | undefined;
  #reader: PartitionReader | undefined;
  #isStarted = false;
  #handling: Promise<void> = Promise.resolve();
  #inTrouble = false;

  constructor(options: CompactedTopicOptions) {
    this.#options = options;
    registerKafkaCodecs();
  }

  /** Resolves once everything was told of that was committed when reading began; never, when it is stopped before. */
  get caughtUp(): Promise<void> {
    return this.#caughtUp.promise;
  }

  get isCaughtUp(): boolean {
    return this.#isCaughtUp;
  }

  /** The offset that is read next; `undefined` before the first answer of a broker. */
  get next(): number | undefined {
    return this.#next;
  }

  /** What keeps it from reading is told by `onTrouble`; an error of `onRecords` is told in the same way, and tried again. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    void this.#run();
  }

  /**
   * Resolves once everything was told of that is committed now: what whoever takes over has to know.
   * Rejects when the broker can't be asked where that ends, or reading was stopped.
   */
  async readToEnd(): Promise<void> {
    const { client, topic, partition = 0 } = this.#options;
    // A connection of its own: on the other one the answer would wait behind a fetch.
    const reader = await PartitionReader.open(client, topic, partition);
    try {
      const end = await reader.end();
      if (this.#stopped.signal.aborted) throw stopped(topic);
      if (this.#isCaughtUp && this.#next !== undefined && this.#next >= end) return;
      await new Promise<void>((resolve, reject) => this.#waiting.add({ end, resolve, reject }));
    } finally {
      await reader.close();
    }
  }

  /** No record is told of after this. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    for (const { reject } of this.#waiting) reject(stopped(this.#options.topic));
    this.#waiting.clear();
    // Not waited for: kafkajs waits for the fetch under way, and whoever stops may be waited for.
    this.#reader?.close().catch(() => {});
    await this.#handling;
  }

  async #run(): Promise<void> {
    const { clock, topic, log, onTrouble } = this.#options;
    const { signal } = this.#stopped;
    let waitMs = firstWaitMs;
    while (!signal.aborted) {
      try {
        await this.#read(() => {
          waitMs = firstWaitMs;
          if (this.#inTrouble) onTrouble?.(undefined);
          this.#inTrouble = false;
        });
      } catch (error) {
        if (signal.aborted) return;
        log.debug({ topic, error: errorText(error) }, "a topic can't be read");
        // Told from the second failure on: the first is how a broker that restarts is noticed.
        if (waitMs > firstWaitMs && !this.#inTrouble) {
          this.#inTrouble = true;
          onTrouble?.(kafkaTrouble(error));
        }
        await sleep(clock, waitMs, signal);
        waitMs = Math.min(waitMs * 2, longestWaitMs);
      }
    }
  }

  /** Reads until it fails or is stopped. `onAnswer` is called each time an answer was handled. */
  async #read(onAnswer: () => void): Promise<void> {
    const { client, topic, partition = 0 } = this.#options;
    const { signal } = this.#stopped;
    const reader = await PartitionReader.open(client, topic, partition);
    this.#reader = reader;
    try {
      const end = await this.#begin(reader);
      while (!signal.aborted) {
        if (this.#next! >= end) this.#reached();
        const { messages, next } = await reader.fetch(this.#next!);
        if (signal.aborted) return;
        if (messages.length > 0) await this.#handle(messages.map(record));
        this.#next = next;
        onAnswer();
        this.#wake();
      }
    } finally {
      this.#reader = undefined;
      await reader.close();
    }
  }

  /** Where to read from, and how far there is something now. */
  async #begin(reader: PartitionReader): Promise<number> {
    const [start, end] = [await reader.start(), await reader.end()];
    const isKnown = this.#next !== undefined && this.#next >= start && this.#next <= end;
    if (this.#next !== undefined && !isKnown) {
      this.#isCaughtUp = false;
      this.#options.onReset?.();
    }
    if (!isKnown) this.#next = (await this.#options.from?.(reader)) ?? start;
    return end;
  }

  async #handle(records: readonly CompactedRecord[]): Promise<void> {
    const handled = (async () => this.#options.onRecords(records))();
    this.#handling = handled.catch(() => {});
    await handled;
  }

  #reached(): void {
    if (this.#isCaughtUp) return;
    this.#isCaughtUp = true;
    this.#caughtUp.resolve();
    this.#options.onCaughtUp?.();
    this.#wake();
  }

  #wake(): void {
    for (const waiter of this.#waiting) {
      if (!this.#isCaughtUp || this.#next! < waiter.end) continue;
      this.#waiting.delete(waiter);
      waiter.resolve();
    }
  }
}

// helpers

function stopped(topic: string): Error {
  return new Error(`reading ${topic} was stopped`);
}

function record(message: { key: Buffer | null; value: Buffer | null; offset: string }): CompactedRecord {
  return {
    key: message.key?.toString("utf8"),
    value: message.value ?? undefined,
    offset: Number(message.offset),
  };
}
