import { type Clock, sleep } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { GroupMembership } from "./group-membership.ts";
import { createKafkaClient, errorText, kafkaTrouble } from "./kafka-client.ts";
import { registerKafkaCodecs } from "./kafka-codecs.ts";
import { kafkaPartition, KafkaSession, type KafkaSessionOptions } from "./kafka-session.ts";
import { kafkaSourceMetrics, type KafkaSourceMetrics } from "./kafka-source-metrics.ts";
import type { Position, Source, SourceIo } from "./raw-batch.ts";
import type { KafkaSourceConfig } from "./source-config.ts";

const firstBackOffMs = 500;
const maxBackOffMs = 15_000;

/**
 * Reads one Kafka topic as a member of a consumer group. A broker that is away, at the start or
 * later, is reported and tried again for ever; only a mistake in the configuration rejects `start`.
 */
export class KafkaSource implements Source {
  readonly name: string;
  readonly #config: KafkaSourceConfig;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #metrics: KafkaSourceMetrics;
  readonly #payload: "text" | "bytes";
  readonly #membership: GroupMembership | undefined;
  readonly #closing = new AbortController();
  readonly #paused = new Set<number>();
  #session: KafkaSession | undefined;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  /**
   * `payload: "bytes"`: records are no text, and handed on as they are. `membership`: the group decides
   * which instance works.
   */
  constructor(options: {
    config: KafkaSourceConfig;
    clock: Clock;
    log: Log;
    metrics: Metrics;
    payload?: "text" | "bytes";
    membership?: GroupMembership | undefined;
  }) {
    this.#payload = options.payload ?? "text";
    this.#membership = options.membership;
    this.name = options.config.name;
    this.#config = options.config;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#metrics = kafkaSourceMetrics(options.metrics, options.config.name);
  }

  async start(io: SourceIo): Promise<void> {
    registerKafkaCodecs();
    const client = await createKafkaClient(this.#config, this.#log);
    const tried = Promise.withResolvers<void>();
    this.#running = this.#supervise({
      config: this.#config,
      client,
      io,
      clock: this.#clock,
      log: this.#log,
      metrics: this.#metrics,
      paused: this.#paused,
      payload: this.#payload,
      membership: this.#membership,
      onReady: tried.resolve,
    }).finally(tried.resolve);
    // A group that is busy with others must not hold up the rest of the service.
    await Promise.race([tried.promise, sleep(this.#clock, 5_000)]);
  }

  async saved(positions: ReadonlyMap<string, Position>): Promise<void> {
    const own = new Map<number, Position>();
    for (const [name, position] of positions) {
      const partition = this.#partitionOf(name);
      if (partition !== undefined) own.set(partition, position);
    }
    await this.#session?.commit(own);
  }

  pause(name: string): void {
    const partition = this.#partitionOf(name);
    if (partition === undefined) return;
    this.#paused.add(partition);
    this.#session?.pause(partition);
  }

  resume(name: string): void {
    const partition = this.#partitionOf(name);
    if (partition === undefined) return;
    this.#paused.delete(partition);
    this.#session?.resume(partition);
  }

  behind(name: string): number | undefined {
    const partition = this.#partitionOf(name);
    return partition === undefined ? undefined : this.#metrics.behind(partition);
  }

  /** Begins anew from the last positions: what was handled could not be handed on. */
  restart(reason: unknown): void {
    this.#session?.fail(reason);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#session?.stop();
  }

  async close(): Promise<void> {
    this.#stopped = true;
    this.#closing.abort();
    await this.#session?.close();
    await this.#running;
  }

  /** One session after another, with back-off between them, until closed. */
  async #supervise(options: KafkaSessionOptions): Promise<void> {
    let backOffMs = firstBackOffMs;
    let inTrouble = false;
    while (!this.#stopped) {
      const session = new KafkaSession({
        ...options,
        onReady: () => {
          backOffMs = firstBackOffMs;
          if (inTrouble) options.io.trouble(this.name, undefined);
          inTrouble = false;
          options.onReady();
        },
      });
      this.#session = session;
      const error = await session.run();
      this.#metrics.forgetLag();
      if (error === undefined || this.#stopped) break;
      const reason = kafkaTrouble(error);
      this.#metrics.restarted(reason);
      this.#log.warn(
        { source: this.name, reason, error: errorText(error), retryInMs: backOffMs },
        "kafka source in trouble",
      );
      inTrouble = true;
      options.io.trouble(this.name, reason);
      options.onReady();
      await sleep(this.#clock, backOffMs, this.#closing.signal);
      backOffMs = Math.min(backOffMs * 2, maxBackOffMs);
    }
  }

  #partitionOf(name: string): number | undefined {
    const number = Number(name.slice(name.lastIndexOf("/") + 1));
    return kafkaPartition(this.#config, number) === name ? number : undefined;
  }
}
