import { Counter, Gauge, Histogram, Registry } from "prom-client";

/**
 * Where parts register what they measure. Names follow `gatewatch_<stage>_<what>_<unit>`; label
 * values come from small closed sets or from the configuration, never from a log line.
 */
export interface Metrics {
  readonly registry: Registry;
  counter<L extends string>(name: string, help: string, labels?: readonly L[]): Counter<L>;
  gauge<L extends string>(name: string, help: string, labels?: readonly L[]): Gauge<L>;
  histogram<L extends string>(
    name: string,
    help: string,
    options?: { labels?: readonly L[]; buckets?: readonly number[] },
  ): Histogram<L>;
}

/** A registry of its own for each service, so that two can live in one process. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const known = <M>(name: string) => registry.getSingleMetric(name) as M | undefined;
  return {
    registry,
    counter: (name, help, labels = []) =>
      known<Counter<never>>(name) ?? new Counter({ name, help, labelNames: labels, registers: [registry] }),
    gauge: (name, help, labels = []) =>
      known<Gauge<never>>(name) ?? new Gauge({ name, help, labelNames: labels, registers: [registry] }),
    histogram: (name, help, options = {}) =>
      known<Histogram<never>>(name) ??
      new Histogram({
        name,
        help,
        labelNames: options.labels ?? [],
        buckets: [...(options.buckets ?? [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 5, 30])],
        registers: [registry],
      }),
  };
}
