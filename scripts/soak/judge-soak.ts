import type { SoakSample } from "./soak-sample.ts";

/** What may be at most in the second half of a soak; the first is for warming up. */
export const soakBounds = {
  /** Growth of memory over the second half by the fitted line: this, or a share of what it was. */
  growthMiB: 48,
  growthShare: 0.05,
  /** Memory is judged from so many minutes on: before, tables and caches fill. */
  memoryFromMinutes: 9,
  /** Seconds: in the middle of the samples, and by how much the fitted line may rise. */
  lag: 5,
  lagGrowth: 5,
  /** Milliseconds: the event loop's 99th percentile, in the middle of the samples. */
  loopP99Ms: 100,
  /** The share of what was sent that has to be read. */
  throughput: 0.9,
} as const;

export interface SoakVerdict {
  /** What was found, each one line; those that failed begin with `FAIL`. */
  readonly lines: readonly string[];
  readonly holds: boolean;
}

export interface SoakLoad {
  /** Lines a second that were sent. */
  readonly rate: number;
  /** Some of them came from addresses nobody had used before. */
  readonly isFlooded: boolean;
}

/** Judges the second half of a soak. */
export function judgeSoak(samples: readonly SoakSample[], { rate, isFlooded }: SoakLoad): SoakVerdict {
  const half = samples.filter(({ at }) => at >= (samples.at(-1)?.at ?? 0) / 2);
  if (half.length < 3) return { lines: ["FAIL there are too few samples to judge by"], holds: false };
  const minutes = (samples.at(-1)?.at ?? 0) / 60;
  const of = (figure: (sample: SoakSample) => number) => half.map(figure);
  const rss = of(({ rssMiB }) => rssMiB);
  const lag = of((sample) => sample.lag);
  const most = Math.max(soakBounds.growthMiB, middle(rss) * soakBounds.growthShare);
  const grown = fittedGrowth(half, ({ rssMiB }) => rssMiB);
  const read = middle(of(({ eventsPerSecond }) => eventsPerSecond));
  const loop = middle(of(({ loopP99Ms }) => loopP99Ms));
  const lagGrown = fittedGrowth(half, (sample) => sample.lag);
  const memory = `memory: ${middle(rss).toFixed(0)} MiB, changed by ${grown.toFixed(0)} MiB in the second half (at most ${most.toFixed(0)})`;
  const isLong = minutes >= soakBounds.memoryFromMinutes;
  const gaveWay = half[0]!.gaveWay;
  const findings = [
    { fails: !(read >= rate * soakBounds.throughput), text: `throughput: ${read.toFixed(0)} of ${rate} events/s` },
    {
      fails: !(middle(lag) <= soakBounds.lag && lagGrown <= soakBounds.lagGrowth),
      text: `lag: ${middle(lag).toFixed(1)} s (at most ${soakBounds.lag}), changed by ${lagGrown.toFixed(1)} s (at most ${soakBounds.lagGrowth})`,
    },
    {
      fails: isLong && !(grown <= most),
      text: isLong ? memory : `${memory}; not judged below ${soakBounds.memoryFromMinutes} minutes`,
    },
    {
      fails: isLong && isFlooded && !(gaveWay > 0),
      text: `tables: ${gaveWay.toLocaleString("en")} keys had given way before the second half, ${(half.at(-1)!.gaveWay - gaveWay).toLocaleString("en")} in it`,
    },
    {
      fails: !(loop <= soakBounds.loopP99Ms),
      text: `event loop: p99 ${loop.toFixed(0)} ms (at most ${soakBounds.loopP99Ms}), longest ${Math.max(...of(({ loopMaxMs }) => loopMaxMs)).toFixed(0)} ms`,
    },
  ];
  return {
    lines: findings.map(({ fails, text }) => `${fails ? "FAIL" : "ok  "} ${text}`),
    holds: findings.every(({ fails }) => !fails),
  };
}

// helpers

/** By how much the straight line through the figures rises from the first sample to the last (least squares). */
function fittedGrowth(samples: readonly SoakSample[], figure: (sample: SoakSample) => number): number {
  const times = samples.map(({ at }) => at);
  const meanTime = mean(times);
  const meanFigure = mean(samples.map(figure));
  const over = samples.reduce((sum, sample) => sum + (sample.at - meanTime) * (figure(sample) - meanFigure), 0);
  const under = times.reduce((sum, time) => sum + (time - meanTime) ** 2, 0);
  return under === 0 ? 0 : (over / under) * (times.at(-1)! - times[0]!);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}
