import type { Metrics } from "../metrics.ts";

/** What a `detect` measures of what it takes. */
export interface DetectMetrics {
  /** Events that the tallies taken stand for. */
  merged(events: number): void;
  /** A tally, or a part of one, was left out. */
  refused(reason: string): void;
  /** So many places of which it is known what is usual. */
  usual(places: number): void;
}

/** `partitions`: those that this instance owns now. */
export function detectMetrics(metrics: Metrics, partitions: () => Iterable<string>): DetectMetrics {
  const events = metrics.counter("gatewatch_detect_merged_events_total", "Events in the tallies that were taken");
  const refused = metrics.counter(
    "gatewatch_detect_refused_tallies_total",
    "Tallies that were left out, whole or in part: damaged, or counted by other definitions",
    ["reason"],
  );
  const owned = metrics.gauge("gatewatch_detect_partitions", "Parts of the keys that this instance owns");
  Object.assign(owned, { collect: () => owned.set([...partitions()].length) });
  const places = metrics.gauge("gatewatch_detect_baseline_places", "Places of which it is known what is usual");
  return {
    usual: (known) => places.set(known),
    merged: (count) => events.inc(count),
    refused: (reason) => refused.inc({ reason }),
  };
}
