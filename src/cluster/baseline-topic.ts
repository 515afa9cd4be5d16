import type { Kafka } from "kafkajs";
import type { BaselineTable } from "../detect/baseline-table.ts";
import type { Log } from "../log.ts";
import { PartitionReader } from "./partition-reader.ts";
import { StateTopic } from "./state-topic.ts";
import { TransactionalProducer } from "./transactional-producer.ts";

/** All instances have a new table well before it holds: they look for one every minute. */
const noticeMs = 300_000;
/** Changes whenever a table changes its meaning. */
const version = 1;

interface SavedTables {
  readonly tables: readonly BaselineTable[];
}

export interface BaselineTopicOptions {
  readonly client: Kafka;
  readonly topic: string;
  readonly partition: number;
  /** Of the producer that writes tables. */
  readonly transactionalId: string;
  readonly log: Log;
}

/** What is usual, for all instances of a cluster: in a partition of the topic `state`, written by the one that leads. */
export class BaselineTopic {
  readonly noticeMs = noticeMs;
  readonly #options: BaselineTopicOptions;
  /** The end of the partition when it was loaded last. */
  #end = -1;

  constructor(options: BaselineTopicOptions) {
    this.#options = options;
  }

  async load(): Promise<readonly BaselineTable[]> {
    const { states, problem } = await this.#open().topic.load();
    if (problem !== undefined) this.#options.log.warn({ problem }, "what is usual has to be learned anew");
    return (states.at(-1) as SavedTables | undefined)?.tables ?? [];
  }

  /** The tables, if others may have been saved since this was asked last. */
  async news(): Promise<readonly BaselineTable[] | undefined> {
    const end = await this.#endNow();
    if (end === this.#end) return undefined;
    const tables = await this.load();
    this.#end = end;
    return tables;
  }

  /** A producer of its own each time, which fences whoever led before: it happens once an hour. */
  async save(tables: readonly BaselineTable[]): Promise<void> {
    const { topic, committer } = this.#open();
    try {
      await committer.open();
      // How much of an earlier save has to be buried.
      await topic.load();
      await topic.save({ tables } satisfies SavedTables, "whole");
    } finally {
      await committer.close();
    }
  }

  /** The producer connects only when it is opened, to write. */
  #open(): { readonly topic: StateTopic; readonly committer: TransactionalProducer } {
    const { client, topic, partition, transactionalId } = this.#options;
    const committer = new TransactionalProducer(client, transactionalId);
    return { topic: new StateTopic({ client, topic, partition, version, committer }), committer };
  }

  async #endNow(): Promise<number> {
    const { client, topic, partition } = this.#options;
    const reader = await PartitionReader.open(client, topic, partition);
    try {
      return await reader.end();
    } finally {
      await reader.close();
    }
  }
}
