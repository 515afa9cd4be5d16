import type { Metrics } from "../metrics.ts";
import type { KafkaTrouble } from "./kafka-client.ts";

/** What a Kafka source measures. */
export interface KafkaSourceMetrics {
  commitFailed(): void;
  positionLost(): void;
  restarted(reason: KafkaTrouble): void;
  lag(partition: number, records: number): void;
  /** What `lag` was told last of a partition; `undefined` before. */
  behind(partition: number): number | undefined;
  /** Partitions are no longer ours: their lag is another's. */
  forgetLag(): void;
}

export function kafkaSourceMetrics(metrics: Metrics, source: string): KafkaSourceMetrics {
  const commits = metrics.counter(
    "gatewatch_source_commit_failures_total",
    "Commits of offsets that failed; the next save commits again",
    ["source"],
  );
  const lost = metrics.counter(
    "gatewatch_source_positions_lost_total",
    "Partitions whose saved position the broker no longer had",
    ["source"],
  );
  const restarts = metrics.counter("gatewatch_source_restarts_total", "Times a consumer had to start anew", [
    "source",
    "reason",
  ]);
  const lag = metrics.gauge("gatewatch_source_lag_records", "Records on the broker that are not yet handled", [
    "source",
  ]);
  const lags = new Map<number, number>();
  const showLag = () =>
    lag.set(
      { source },
      [...lags.values()].reduce((a, b) => a + b, 0),
    );
  return {
    commitFailed: () => commits.inc({ source }),
    positionLost: () => lost.inc({ source }),
    restarted: (reason) => restarts.inc({ source, reason }),
    lag(partition, records) {
      lags.set(partition, records);
      showLag();
    },
    behind: (partition) => lags.get(partition),
    forgetLag() {
      lags.clear();
      showLag();
    },
  };
}
