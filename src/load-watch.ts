import type { Clock } from "./clock.ts";
import { FallingBehind } from "./falling-behind.ts";
import type { Metrics } from "./metrics.ts";
import { PartitionLag } from "./partition-lag.ts";
import type { Source } from "./source/raw-batch.ts";
import { stages, StageTimes } from "./stage-times.ts";

export interface LoadWatchOptions {
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** See `detect.behindAfter`. */
  readonly behindAfter: number | "never";
  readonly sources: readonly Pick<Source, "name" | "behind">[];
  /** For how many milliseconds the event loop has had nothing to do so far. */
  readonly idle: () => number;
  /** Told every second how far the partition that is furthest is behind. */
  readonly onLag?: (lagMs: number) => void;
  /** What is to be told of a source that is behind; `undefined` once it no longer is. */
  readonly report: (source: string, text: string | undefined) => void;
}

/** How much there is to do, and where the time goes: lag by partition, time by stage, and an alarm when it is too much. */
export class LoadWatch {
  readonly times: StageTimes;
  readonly lag: PartitionLag;
  readonly #behind: FallingBehind;
  readonly #onLag: ((lagMs: number) => void) | undefined;

  constructor(options: LoadWatchOptions) {
    const { clock, metrics, sources, idle, behindAfter, report } = options;
    this.times = new StageTimes({ clock, idle });
    const behind = (source: string, partition: string) =>
      sources.find(({ name }) => name === source)?.behind?.(partition);
    this.lag = new PartitionLag({ clock, behind });
    this.#onLag = options.onLag;
    this.#behind = new FallingBehind({ clock, behindAfter, report, shares: () => this.times.shares() });
    measureLoad({ metrics, watch: this });
  }

  /** To be called every second. */
  look(): void {
    this.times.sample();
    const partitions = this.lag.all();
    this.#behind.look(partitions);
    this.#onLag?.(Math.max(0, ...partitions.map(({ lagMs }) => lagMs)));
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
