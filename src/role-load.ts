import type { Clock } from "./clock.ts";
import type { LoadFollower } from "./cluster/load-follower.ts";
import { writeLoad } from "./cluster/load-record.ts";
import { eventLoopIdle, LoadWatch } from "./load-watch.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { Rates } from "./rates.ts";
import type { RawBatch, Source } from "./source/raw-batch.ts";
import type { Stage } from "./stage-times.ts";

/** How often whoever acts is told how much there is to do. */
export const tellLoadEveryMs = 5_000;

/**
 * How much a role has to do that only counts or judges: in its metrics, in its log when it falls behind, and
 * for the role that acts, which shows it and opens the incident.
 */
export class RoleLoad implements LoadFollower {
  readonly #clock: Clock;
  readonly #watch: LoadWatch;
  readonly #events: Rates;

  constructor(options: {
    readonly clock: Clock;
    readonly metrics: Metrics;
    readonly log: Log;
    readonly behindAfter: number | "never";
    readonly sources: readonly Pick<Source, "name" | "behind">[];
  }) {
    const { log, ...of } = options;
    this.#clock = of.clock;
    this.#events = new Rates(of.clock);
    this.#watch = new LoadWatch({
      ...{ ...of, idle: eventLoopIdle },
      report: (source, text) => (text === undefined ? log.info({ source }, "no longer behind") : log.warn({ source }, text)), // prettier-ignore
    });
  }

  arrived(batch: RawBatch): void {
    this.#watch.lag.arrived(batch);
  }

  enter(stage: Stage | undefined): void {
    this.#watch.times.enter(stage);
  }

  handled(batch: RawBatch, { events, newest }: { readonly events: number; readonly newest: number | undefined }): void {
    this.#watch.lag.handled(batch, newest);
    this.#events.add(batch.partition, events);
  }

  left(batch: RawBatch): void {
    this.#watch.lag.left(batch);
  }

  released(partition: string): void {
    this.#watch.lag.released(partition);
  }

  /** To be called every second. */
  look(): void {
    this.#watch.look();
  }

  /** What is to be told of each partition, by its name in `RawBatch`. */
  told(): Map<string, { readonly key: string; readonly value: string }> {
    const shares = this.#watch.times.shares();
    const at = this.#clock.now();
    return new Map(
      this.#watch.lag.all().map(({ source, partition, lagMs, records }) => {
        const name = `${source}:${partition}`;
        const load = { at, source, partition, lagMs, records, eventsPerSecond: this.#events.perSecond(name), shares };
        return [name, writeLoad(load)];
      }),
    );
  }
}
