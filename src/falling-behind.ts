import type { Clock } from "./clock.ts";
import type { PartitionStatus } from "./partition-lag.ts";
import type { Stage } from "./stage-times.ts";
import { formatDuration } from "./units.ts";

/** A source is looked at over so many seconds before anybody is told; a pause of a save or a broker is shorter. */
const samplesKept = 30;
/** Nobody has to be told of a backlog that will be read within this time at the pace it is being read. */
const soonMs = 10 * 60_000;
/** Two stages may take turns at being the slower one. */
const retellMs = 60_000;

export interface FallingBehindOptions {
  readonly clock: Clock;
  /** Event time; see `detect.behindAfter`. */
  readonly behindAfter: number | "never";
  /** What share of the time each stage takes of whoever reads a source. */
  readonly shares: (source: string) => Readonly<Record<Stage, number>>;
  /** Called with what is to be told of a source; with `undefined` once it is over. */
  readonly report: (source: string, text: string | undefined) => void;
}

/** Notices sources that are read more slowly than they are written, and says which stage is slow. */
export class FallingBehind {
  readonly #options: FallingBehindOptions;
  /** By source: its greatest lag each second, the oldest first. */
  readonly #lags = new Map<string, number[]>();
  /** By source: which stage was slow when it was told, and when that was, by the monotonic clock. */
  readonly #told = new Map<string, { readonly stage: Stage; readonly at: number }>();

  constructor(options: FallingBehindOptions) {
    this.#options = options;
  }

  /** To be called every second with all partitions. */
  look(partitions: readonly PartitionStatus[]): void {
    const { behindAfter } = this.#options;
    if (behindAfter === "never") return;
    const now = worstOf(partitions);
    for (const source of new Set([...this.#lags.keys(), ...now.keys()])) {
      const lag = now.get(source) ?? 0;
      const lags = this.#lags.get(source) ?? [];
      this.#lags.set(source, lags);
      lags.push(lag);
      if (lags.length > samplesKept) lags.shift();
      this.#judge({ source, lags, behindAfter });
    }
  }

  #judge({ source, lags, behindAfter }: { source: string; lags: readonly number[]; behindAfter: number }): void {
    const lag = lags.at(-1)!;
    if (this.#told.has(source)) {
      if (lags.every((one) => one < behindAfter / 2)) {
        this.#told.delete(source);
        this.#options.report(source, undefined);
      } else this.#tell(source, { lag, pace: "still" });
      return;
    }
    if (lags.length < samplesKept || lags.some((one) => one < behindAfter)) return;
    const gained = (lags[0]! - lag) / (lags.length - 1);
    if (gained > 0 && (lag / gained) * 1_000 < soonMs) return;
    this.#tell(source, { lag, pace: gained < 0 ? "growing" : "slow" });
  }

  /** Tells once, and again when another stage has become the slow one. */
  #tell(source: string, { lag, pace }: { lag: number; pace: "growing" | "slow" | "still" }): void {
    const { shares, clock, report } = this.#options;
    const slow = slowest(shares(source));
    const told = this.#told.get(source);
    if (slow === undefined || told?.stage === slow.stage) return;
    if (told && clock.monotonic() - told.at < retellMs) return;
    this.#told.set(source, { stage: slow.stage, at: clock.monotonic() });
    report(source, textOf(source, { lag, pace, slow }));
  }
}

/** The stage that takes most, and its share; waiting counts only where nothing else does much. */
export function slowest(
  shares: Readonly<Record<Stage, number>>,
): { readonly stage: Stage; readonly share: number } | undefined {
  const all = (Object.entries(shares) as [Stage, number][]).sort((a, b) => b[1] - a[1]);
  const [stage, share] = all[0]!;
  return share > 0 ? { stage, share } : undefined;
}

/** What takes the time, and what helps. */
export const slowStages: Readonly<Record<Stage, { readonly is: string; readonly helps: string }>> = {
  wait: {
    is: "waiting for records",
    helps: "The broker or the network delivers too slowly, or partitions wait for one that is behind: look at the brokers.", // prettier-ignore
  },
  read: {
    is: "fetching and decoding records",
    helps: "Let producers send larger batches, compressed with lz4 or zstd, or share the partitions among more instances.", // prettier-ignore
  },
  normalize: {
    is: "reading log lines",
    helps: "Log fewer fields, JSON rather than text, or share the partitions among more instances.",
  },
  detect: {
    is: "counting and judging",
    helps: "Switch off detectors that you don't need, or share the partitions among more instances.",
  },
  respond: {
    is: "saving detections and acting on them",
    helps: "The disk of the data directory is slow, or very much is detected: look at the open incidents.",
  },
  count: {
    is: "counting minutes for dashboards",
    helps: "Turn access events off (store.retention.accessEvents), or share the partitions among more instances.",
  },
  store: {
    is: "waiting for the store to take rows",
    helps: "ClickHouse is slow or away: look at the store's state and its disk.",
  },
  save: {
    is: "saving the state",
    helps: "Save more rarely (detect.saveEvery), or keep fewer keys (detect.clients).",
  },
};

// helpers

function worstOf(partitions: readonly PartitionStatus[]): Map<string, number> {
  const worst = new Map<string, number>();
  for (const { source, lagMs } of partitions) worst.set(source, Math.max(worst.get(source) ?? 0, lagMs));
  return worst;
}

function textOf(
  source: string,
  { lag, pace, slow }: { lag: number; pace: "growing" | "slow" | "still"; slow: { stage: Stage; share: number } },
): string {
  const { is, helps } = slowStages[slow.stage];
  const how = { growing: " and falls further behind", slow: " and hardly catches up", still: "" }[pace];
  const behind = formatDuration(Math.round(lag / 1000) * 1000);
  return `Reading ${source} is ${behind} behind${how}. ${Math.round(slow.share * 100)} % of the time goes into ${is}. ${helps}`;
}
