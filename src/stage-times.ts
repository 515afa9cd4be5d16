import type { Clock } from "./clock.ts";

/**
 * What the pipeline can spend its time with. `wait`: nothing came. `read`: between two batches, while the
 * process worked: fetching and decoding, and everything beside the pipeline (the API, jobs). `count`: counts of
 * minutes. `store`: waiting for the store to take rows. `respond`: saving detections, incidents, blocks.
 */
export const stages = ["wait", "read", "normalize", "detect", "respond", "count", "store", "save"] as const;
export type Stage = (typeof stages)[number];

/** Shares are of the last half minute. */
const samplesKept = 30;

/**
 * How long the pipeline spends in each stage. It is in one at a time, and says when it goes on to the next:
 * a few clock readings for each batch.
 */
export class StageTimes {
  readonly #clock: Clock;
  readonly #idle: () => number;
  readonly #totals = new Map<Stage, number>(stages.map((stage) => [stage, 0]));
  /** Totals as they were each second, the oldest first. */
  readonly #samples: ReadonlyMap<Stage, number>[] = [];
  /** `undefined` between two batches. */
  #stage: Stage | undefined;
  #since: number;
  #idleSince: number;

  /** `idle`: for how many milliseconds the event loop has had nothing to do so far. */
  constructor(options: { clock: Clock; idle: () => number }) {
    this.#clock = options.clock;
    this.#idle = options.idle;
    this.#since = options.clock.monotonic();
    this.#idleSince = options.idle();
  }

  /** From here on the pipeline is in this stage; `undefined`: it is done with a batch. */
  enter(stage: Stage | undefined): void {
    this.#settle();
    // What the process waited for within a stage is that stage's time.
    if (stage === undefined) this.#idleSince = this.#idle();
    this.#stage = stage;
  }

  /** Milliseconds in each stage so far; the one it is in included. */
  totals(): ReadonlyMap<Stage, number> {
    this.#settle();
    return this.#totals;
  }

  /** To be called every second: what `shares` compares with. */
  sample(): void {
    this.#samples.push(new Map(this.totals()));
    if (this.#samples.length > samplesKept) this.#samples.shift();
  }

  /** Which share of the last half minute each stage took; together 1, or 0 before any time has passed. */
  shares(): Record<Stage, number> {
    const now = this.totals();
    const before = this.#samples[0];
    const spent = stages.map((stage) => now.get(stage)! - (before?.get(stage) ?? 0));
    const all = spent.reduce((sum, ms) => sum + ms, 0);
    return Object.fromEntries(stages.map((stage, i) => [stage, all > 0 ? spent[i]! / all : 0])) as Record<
      Stage,
      number
    >;
  }

  /** Books the time since the last call. */
  #settle(): void {
    const now = this.#clock.monotonic();
    const spent = now - this.#since;
    this.#since = now;
    if (this.#stage !== undefined) {
      this.#add(this.#stage, spent);
      return;
    }
    const idle = this.#idle();
    const waited = Math.min(spent, Math.max(0, idle - this.#idleSince));
    this.#idleSince = idle;
    this.#add("wait", waited);
    this.#add("read", spent - waited);
  }

  #add(stage: Stage, ms: number): void {
    this.#totals.set(stage, this.#totals.get(stage)! + ms);
  }
}
