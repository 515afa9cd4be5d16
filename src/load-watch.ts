import type { Clock } from "./clock.ts";
import { FallingBehind } from "./falling-behind.ts";
import type { Metrics } from "./metrics.ts";
import { PartitionLag, type PartitionStatus } from "./partition-lag.ts";
import type { Source } from "./source/raw-batch.ts";
import { type Stage, stages, StageTimes } from "./stage-times.ts";

export interface LoadWatchOptions {
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** See `detect.behindAfter`. */
  readonly behindAfter: number | "never";
  readonly sources: readonly Pick<Source, "name" | "behind">[];
  /** For how many milliseconds the event loop has had nothing to do so far. */
  readonly idle: () => number;
  /** Told every second how far the partition that is furthest is behind, of those that are read here. */
  readonly onLag?: (lagMs: number) => void;
  /** What other instances read, as they say themselves; nothing unless given. */
  readonly elsewhere?: () => readonly LoadElsewhere[];
  /** What is to be told of a source that is behind; `undefined` once it no longer is. */
  readonly report: (source: string, text: string | undefined) => void;
}

/** A partition that another instance reads. */
export interface LoadElsewhere extends Pick<PartitionStatus, "source" | "partition" | "lagMs"> {
  readonly records?: number | undefined;
  readonly eventsPerSecond: number;
  /** Which share of that instance's time each stage takes. */
  readonly shares: Readonly<Record<string, number>>;
}

/** How much there is to do, and where the time goes: lag by partition, time by stage, and an alarm when it is too much. */
export class LoadWatch {
  readonly times: StageTimes;
  readonly lag: PartitionLag;
  readonly #behind: FallingBehind;
  readonly #elsewhere: () => readonly LoadElsewhere[];
  readonly #onLag: ((lagMs: number) => void) | undefined;

  constructor(options: LoadWatchOptions) {
    const { clock, metrics, sources, idle, behindAfter, report } = options;
    this.times = new StageTimes({ clock, idle });
    const behind = (source: string, partition: string) =>
      sources.find(({ name }) => name === source)?.behind?.(partition);
    this.lag = new PartitionLag({ clock, behind });
    this.#onLag = options.onLag;
    this.#elsewhere = options.elsewhere ?? (() => []);
    this.#behind = new FallingBehind({ clock, behindAfter, report, shares: (source) => this.#sharesOf(source) });
    measureLoad({ metrics, watch: this });
  }

  /** All that are read, here and elsewhere. */
  partitions(): PartitionStatus[] {
    const elsewhere = this.#elsewhere().map(({ source, partition, lagMs, records }) => ({ source, partition, lagMs, records })); // prettier-ignore
    return [...this.lag.all(), ...elsewhere];
  }

  /** Events of a source that other instances count. */
  eventsPerSecond(source: string): number {
    return this.#elsewhere().reduce((sum, one) => sum + (one.source === source ? one.eventsPerSecond : 0), 0);
  }

  /** To be called every second. */
  look(): void {
    this.times.sample();
    this.#behind.look(this.partitions());
    this.#onLag?.(Math.max(0, ...this.lag.all().map(({ lagMs }) => lagMs)));
  }

  /** Of whoever is furthest behind with the source. */
  #sharesOf(source: string): Record<Stage, number> {
    const readers = this.#elsewhere().filter((one) => one.source === source);
    const slowest = readers.toSorted((a, b) => b.lagMs - a.lagMs)[0];
    if (slowest === undefined) return this.times.shares();
    return Object.fromEntries(stages.map((stage) => [stage, slowest.shares[stage] ?? 0])) as Record<Stage, number>;
  }
}

/** For how many milliseconds the event loop of this thread has had nothing to do so far. */
export function eventLoopIdle(): number {
  return performance.eventLoopUtilization().idle;
}

// helpers

/** Read when Prometheus asks. */
function measureLoad({ metrics, watch }: { metrics: Metrics; watch: Pick<LoadWatch, "times" | "lag"> }): void {
  const seconds = metrics.gauge(
    "gatewatch_pipeline_lag_seconds",
    "How far the newest handled event is behind now while records wait; 0 when none do",
    ["source", "partition"],
  );
  const records = metrics.gauge("gatewatch_pipeline_lag_records", "Records of a partition that wait to be handled", [
    "source",
    "partition",
  ]);
  const spent = metrics.gauge(
    "gatewatch_pipeline_stage_seconds_total",
    "Time the pipeline has spent in each stage; `wait`: nothing came",
    ["stage"],
  );
  Object.assign(seconds, {
    collect() {
      seconds.reset();
      records.reset();
      for (const { source, partition, lagMs, records: waiting } of watch.lag.all()) {
        seconds.set({ source, partition }, lagMs / 1000);
        if (waiting !== undefined) records.set({ source, partition }, waiting);
      }
      const totals = watch.times.totals();
      for (const stage of stages) spent.set({ stage }, totals.get(stage)! / 1000);
    },
  });
}
