/** How the service was at one moment of a soak, and since the one before. */
export interface SoakSample {
  /** Seconds since the load began. */
  readonly at: number;
  readonly eventsPerSecond: number;
  /** Seconds of event time, of the partition that is furthest behind. */
  readonly lag: number;
  readonly rssMiB: number;
  readonly heapMiB: number;
  /** Outside of the heap and held by its objects: typed arrays, buffers. */
  readonly externalMiB: number;
  /** The event loop's delay since the sample before, milliseconds. */
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
  /** Keys held in memory, of all kinds. */
  readonly liveKeys: number;
  /** Keys that gave way to others so far, while they still counted: there is no room left. */
  readonly gaveWay: number;
  /** Of one core, 0 to 1 and more. */
  readonly cpu: number;
}

/** What `/metrics` says, as far as a soak looks at it. */
export interface SoakReading {
  readonly events: number;
  readonly cpuSeconds: number;
  readonly rest: Omit<SoakSample, "at" | "eventsPerSecond" | "cpu">;
}

/** Reads Prometheus' text format. Figures that it lacks are NaN, so that no verdict is built on them. */
export function readMetrics(exposition: string): SoakReading {
  const series = exposition.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const valuesOf = (name: string) =>
    series
      .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
      .map((line) => Number(line.slice(line.lastIndexOf(" "))));
  const one = (name: string) => valuesOf(name)[0] ?? NaN;
  const mib = 1024 ** 2;
  return {
    events: valuesOf("gatewatch_normalize_events_total").reduce((sum, value) => sum + value, 0),
    cpuSeconds: one("gatewatch_process_cpu_seconds_total"),
    rest: {
      lag: Math.max(0, ...valuesOf("gatewatch_pipeline_lag_seconds")),
      rssMiB: one("gatewatch_process_resident_memory_bytes") / mib,
      heapMiB: one("gatewatch_nodejs_heap_size_used_bytes") / mib,
      externalMiB: one("gatewatch_nodejs_external_memory_bytes") / mib,
      loopP99Ms: one("gatewatch_nodejs_eventloop_lag_p99_seconds") * 1000,
      loopMaxMs: one("gatewatch_nodejs_eventloop_lag_max_seconds") * 1000,
      liveKeys: valuesOf("gatewatch_detect_rows").reduce((sum, value) => sum + value, 0),
      gaveWay: valuesOf("gatewatch_detect_evicted_total").reduce((sum, value) => sum + value, 0),
    },
  };
}

/** What happened between two readings, `at` seconds after the load began. */
export function sampleOf(
  now: SoakReading,
  before: SoakReading,
  { at, seconds }: { at: number; seconds: number },
): SoakSample {
  return {
    at,
    eventsPerSecond: (now.events - before.events) / seconds,
    cpu: (now.cpuSeconds - before.cpuSeconds) / seconds,
    ...now.rest,
  };
}

export const sampleHeader =
  "   time    events/s    lag s   RSS MiB  heap MiB   ext MiB  loop p99 ms  loop max ms        keys    gave way   CPU";

/** A line of the table below `sampleHeader`. */
export function sampleLine(sample: SoakSample): string {
  const minutes = `${Math.floor(sample.at / 60)}:${String(Math.floor(sample.at % 60)).padStart(2, "0")}`;
  const whole = (value: number) => Math.round(value).toLocaleString("en");
  return [
    minutes.padStart(7),
    whole(sample.eventsPerSecond).padStart(12),
    sample.lag.toFixed(1).padStart(9),
    whole(sample.rssMiB).padStart(10),
    whole(sample.heapMiB).padStart(10),
    whole(sample.externalMiB).padStart(10),
    whole(sample.loopP99Ms).padStart(13),
    whole(sample.loopMaxMs).padStart(13),
    whole(sample.liveKeys).padStart(12),
    whole(sample.gaveWay).padStart(12),
    `${Math.round(sample.cpu * 100)} %`.padStart(6),
  ].join("");
}
