import type { Metrics } from "../metrics.ts";
import type { Commit, Committer } from "./commit.ts";

/** What an `ingest` measures of what it hands on. */
export interface IngestMetrics {
  counted(source: string, events: number): void;
  /** The same committer, with its commits measured. */
  timed(committer: Committer): Committer;
}

export function ingestMetrics(metrics: Metrics): IngestMetrics {
  const events = metrics.counter("gatewatch_ingest_events_total", "Events counted and handed on", ["source"]);
  const bytes = metrics.counter("gatewatch_ingest_tally_bytes_total", "Bytes of tallies that were committed");
  const seconds = metrics.histogram("gatewatch_ingest_commit_seconds", "How long one transaction with tallies took", {
    labels: ["outcome"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  });
  return {
    counted: (source, count) => events.inc({ source }, count),
    timed: (committer) => ({
      open: () => committer.open(),
      close: () => committer.close(),
      async commit(commit: Commit) {
        let outcome = "failed";
        const done = seconds.startTimer();
        try {
          await committer.commit(commit);
          outcome = "committed";
          bytes.inc(commit.messages.reduce((sum, { value }) => sum + (value?.length ?? 0), 0));
        } finally {
          done({ outcome });
        }
      },
    }),
  };
}
