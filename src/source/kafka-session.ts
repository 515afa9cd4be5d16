import type { Admin, Consumer, EachBatchPayload, Kafka } from "kafkajs";
import { type Clock, sleep } from "../clock.ts";
import type { Log } from "../log.ts";
import { type GroupMembership, membershipAfter, onHeartbeats } from "./group-membership.ts";
import { rawBatches } from "./kafka-batches.ts";
import { fetchOffsets, planStart } from "./kafka-start.ts";
import { errorText } from "./kafka-client.ts";
import { fetchSizes } from "./kafka-fetch.ts";
import type { KafkaSourceMetrics } from "./kafka-source-metrics.ts";
import type { Position, SourceIo } from "./raw-batch.ts";
import type { KafkaSourceConfig } from "./source-config.ts";

/** A member that dies without a word holds its partitions for so long; twice what the event loop may ever stall. */
const sessionTimeoutMs = 10_000;
const heartbeatMs = 2_000;
/** How long the broker may hold a fetch when there is nothing; also how soon a resumed partition is read. */
const maxWaitMs = 250;
/** For leaving the group when the broker doesn't answer. */
const closeWithinMs = 3_000;

export interface KafkaSessionOptions {
  readonly config: KafkaSourceConfig;
  readonly client: Kafka;
  readonly io: SourceIo;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: KafkaSourceMetrics;
  /** How records are handed on: as text, inflated where they are gzip, or as they are. */
  readonly payload: "text" | "bytes";
  /** Partitions to leave paused when they are assigned. */
  readonly paused: ReadonlySet<number>;
  /** Where the group decides which instance works; else it divides the work among its members. */
  readonly membership: GroupMembership | undefined;
  /** Called each time partitions have been assigned and are being read. */
  readonly onReady: () => void;
}

/**
 * One life of a Kafka consumer, from joining the group until it crashes or is closed. Newly
 * assigned partitions stay paused until their position is known and sought, so no record before
 * it is ever handled.
 */
export class KafkaSession {
  readonly #options: KafkaSessionOptions;
  readonly #consumer: Consumer;
  readonly #admin: Admin;
  /** Partitions that may be handled, and the offset expected next in each. */
  readonly #positions = new Map<number, number>();
  /** What `io` was told we own, until it is told otherwise. */
  #owned: number[] = [];
  #generation = 0;
  #stopping = false;
  #inFlight: Promise<unknown> = Promise.resolve();
  #assigning: Promise<void> = Promise.resolve();
  readonly #end = Promise.withResolvers<unknown>();

  constructor(options: KafkaSessionOptions) {
    this.#options = options;
    const { client, config, membership } = options;
    this.#admin = client.admin();
    this.#consumer = client.consumer({
      groupId: config.group,
      sessionTimeout: membership?.sessionTimeoutMs ?? sessionTimeoutMs,
      heartbeatInterval: this.#heartbeatMs,
      ...(membership && { partitionAssigners: membership.assigners }),
      maxWaitTimeInMs: membership?.maxWaitMs ?? maxWaitMs,
      ...fetchSizes,
      metadataMaxAge: 60_000,
      allowAutoTopicCreation: false,
    });
  }

  /** Reads until it can't go on; resolves with the reason, or `undefined` once `close` was called. */
  async run(): Promise<unknown> {
    this.#begin().catch((error: unknown) => this.#end.resolve(error));
    const reason = await this.#end.promise;
    await this.#disconnect();
    if (reason === undefined) return undefined;
    this.#reassign(undefined);
    await this.#assigning;
    return reason;
  }

  /** Commits positions of partitions that are ours; a failure is counted, and the next save commits again. */
  async commit(positions: ReadonlyMap<number, Position>): Promise<void> {
    const { topic } = this.#options.config;
    const offsets = [];
    for (const [partition, position] of positions) {
      if (typeof position === "object" || !this.#owned.includes(partition)) continue;
      offsets.push({ topic, partition, offset: String(position) });
    }
    if (offsets.length === 0) return;
    try {
      await this.#consumer.commitOffsets(offsets);
    } catch (error) {
      this.#options.metrics.commitFailed();
      this.#options.log.debug({ source: this.#options.config.name, error: errorText(error) }, "offsets not committed");
    }
  }

  pause(partition: number): void {
    if (this.#positions.has(partition)) this.#consumer.pause([this.#topicPartitions([partition])]);
  }

  resume(partition: number): void {
    if (this.#positions.has(partition) && !this.#stopping) this.#consumer.resume([this.#topicPartitions([partition])]);
  }

  /** No `handle` call is under way when this resolves, and none will follow; still a member of the group. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#inFlight;
  }

  /** What was handled can't be handed on: ends this life as a crash does. */
  fail(reason: unknown): void {
    this.#end.resolve(reason);
  }

  async close(): Promise<void> {
    await this.stop();
    // The partitions were saved by whoever called `stop`; nothing is left to revoke.
    this.#owned = [];
    this.#end.resolve(undefined);
  }

  async #begin(): Promise<void> {
    const { GROUP_JOIN, REBALANCING, CRASH } = this.#consumer.events;
    const { topic } = this.#options.config;
    this.#consumer.on(GROUP_JOIN, ({ payload }) => this.#joined(payload.memberAssignment[topic] ?? []));
    onHeartbeats(this.#consumer, this.#options.clock, (sentAt) => this.#heard(sentAt));
    this.#consumer.on(REBALANCING, () => this.#reassign(undefined));
    this.#consumer.on(CRASH, ({ payload }) => this.#end.resolve(payload.error));
    await this.#admin.connect();
    await this.#consumer.connect();
    // Only for a position that the broker drops while we read: go on with the oldest it has.
    await this.#consumer.subscribe({ topic, fromBeginning: true });
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: (payload) => this.#eachBatch(payload),
    });
  }

  /** Runs within kafkajs' join, before the first fetch: everything it does at once holds for that fetch. */
  #joined(partitions: readonly number[]): void {
    this.#options.membership?.joined(this.#options.config.name, partitions);
    if (partitions.length > 0) this.#consumer.pause([this.#topicPartitions(partitions)]);
    // Nothing to read is no trouble.
    else this.#options.onReady();
    this.#reassign(partitions);
  }

  /** Gives up what we own, and takes on `partitions`, if they are known; one such change at a time, the newest wins. */
  #reassign(partitions: readonly number[] | undefined): void {
    const generation = ++this.#generation;
    this.#positions.clear();
    this.#assigning = this.#assigning.then(async () => {
      try {
        await this.#giveUp();
        if (generation === this.#generation && partitions !== undefined) await this.#takeOn(partitions, generation);
      } catch (error) {
        this.#end.resolve(error);
      }
    });
  }

  async #giveUp(): Promise<void> {
    await this.#inFlight;
    if (this.#owned.length === 0) return;
    await this.#options.io.revoked(this.#owned.map((partition) => this.#name(partition)));
    this.#owned = [];
  }

  async #takeOn(partitions: readonly number[], generation: number): Promise<void> {
    if (this.#stopping) return;
    const { config, io, log, metrics, paused, onReady } = this.#options;
    if (partitions.length === 0) return io.assigned([]);
    const names = partitions.map((partition) => this.#name(partition));
    await io.claim?.(names);
    const offsets = await fetchOffsets(this.#admin, config);
    if (generation !== this.#generation || this.#stopping) {
      // Claimed for nothing: whoever has them now has claimed them after us.
      if (io.claim) await io.revoked(names);
      return;
    }
    this.#owned = [...partitions];
    io.assigned(names);
    const plan = planStart({
      partitions: offsets,
      assigned: partitions,
      resumeAt: (partition) => io.resumeAt(this.#name(partition)),
      from: config.from,
    });
    for (const partition of plan.lost) {
      metrics.positionLost();
      const start = plan.starts.get(partition);
      log.warn({ source: config.name, partition, start }, "position no longer on the broker");
    }
    for (const [partition, start] of plan.starts) {
      this.#positions.set(partition, start);
      this.#consumer.seek({ topic: config.topic, partition, offset: String(start) });
    }
    if (plan.pins.size > 0) await this.#pin(plan.pins);
    if (generation !== this.#generation) return;
    const wanted = [...plan.starts.keys()].filter((partition) => !paused.has(partition));
    this.#consumer.resume([this.#topicPartitions(wanted)]);
    onReady();
  }

  async #pin(pins: ReadonlyMap<number, number>): Promise<void> {
    const { topic } = this.#options.config;
    const offsets = [...pins].map(([partition, offset]) => ({ topic, partition, offset: String(offset) }));
    await this.#consumer.commitOffsets(offsets);
  }

  async #eachBatch(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const { config, clock, metrics } = this.#options;
    const generation = this.#generation;
    const start = this.#positions.get(batch.partition);
    const current = () =>
      !this.#stopping && generation === this.#generation && payload.isRunning() && !payload.isStale();
    if (start === undefined || !current()) return;
    const parts = rawBatches(batch, {
      source: config.name,
      partition: this.#name(batch.partition),
      start,
      maxRecordBytes: config.maxRecordBytes,
      payload: this.#options.payload,
      receivedAt: clock.now(),
    });
    for (const { lastOffset, ...part } of parts) {
      if (!current()) return;
      const failure = await this.#handle(part, () => payload.heartbeat());
      if (generation !== this.#generation) return;
      this.#positions.set(batch.partition, lastOffset + 1);
      payload.resolveOffset(String(lastOffset));
      metrics.lag(batch.partition, Number(batch.highWatermark) - lastOffset - 1);
      // Not before: kafkajs may go on without joining anew, and what was handled would be handled again.
      if (failure !== undefined) throw failure;
      await payload.heartbeat();
      // Too far ahead of other partitions: the rest is fetched again once they have caught up.
      if (this.#options.paused.has(batch.partition)) return;
    }
    payload.resolveOffset(batch.messages.at(-1)?.offset ?? batch.lastOffset());
  }

  /** The group must hear from us also while the pipeline takes its time; answers why it could not. */
  async #handle(part: Parameters<SourceIo["handle"]>[0], heartbeat: () => Promise<void>): Promise<unknown> {
    let failure: unknown;
    const { clock, membership, config } = this.#options;
    const stopBeating = clock.every(this.#heartbeatMs, () => {
      const sentAt = clock.monotonic();
      heartbeat().catch((error: unknown) => {
        failure ??= error;
        // Others come or go, and the group waits for us; or it has gone on, and what is handled may wait for it in vain.
        if (membershipAfter(error) === "known") this.#heard(sentAt);
        else if (membershipAfter(error) === "expelled") membership?.expelled(config.name);
      });
    });
    try {
      const handled = this.#options.io.handle(part);
      this.#inFlight = handled.catch(() => undefined);
      await handled;
    } finally {
      stopBeating();
    }
    return failure;
  }

  async #disconnect(): Promise<void> {
    const { clock, config, log } = this.#options;
    const gone = Promise.allSettled([this.#consumer.disconnect(), this.#admin.disconnect()]);
    const late = sleep(clock, closeWithinMs).then(() => "late" as const);
    if ((await Promise.race([gone, late])) === "late")
      log.debug({ source: config.name }, "the broker did not say goodbye");
  }

  get #heartbeatMs(): number {
    return this.#options.membership?.heartbeatMs ?? heartbeatMs;
  }

  #heard(sentAt: number): void {
    this.#options.membership?.heard(this.#options.config.name, sentAt);
  }

  #name(partition: number): string {
    return kafkaPartition(this.#options.config, partition);
  }

  #topicPartitions(partitions: readonly number[]): { topic: string; partitions: number[] } {
    return { topic: this.#options.config.topic, partitions: [...partitions] };
  }
}

/** A partition's name over all sources: `edge:access-logs/3`. */
export function kafkaPartition({ name, topic }: Pick<KafkaSourceConfig, "name" | "topic">, partition: number): string {
  return `${name}:${topic}/${partition}`;
}
