import type { Clock } from "../clock.ts";
import type { CompactedRecord } from "./compacted-topic.ts";
import { type LoadRecord, readLoad } from "./load-record.ts";

/** Whoever reads a partition tells of it every five seconds; what is older was said by somebody who is gone. */
const freshMs = 30_000;
/** As many as one instance follows. */
const maxPartitions = 10_000;

/** How much the other roles have to do, as they say themselves. */
export class ClusterLoad {
  readonly #clock: Pick<Clock, "now">;
  readonly #newest = new Map<string, LoadRecord>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  take(records: readonly CompactedRecord[]): void {
    for (const { key, value } of records) {
      if (key === undefined || value === undefined) continue;
      const load = readLoad(key, value.toString());
      if (load && (this.#newest.has(key) || this.#newest.size < maxPartitions)) this.#newest.set(key, load);
    }
  }

  all(): LoadRecord[] {
    const oldest = this.#clock.now() - freshMs;
    return [...this.#newest.values()].filter(({ at }) => at > oldest);
  }
}
