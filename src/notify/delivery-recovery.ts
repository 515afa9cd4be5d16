import type { Store } from "../store/store.ts";
import { changedDelivery } from "./delivery.ts";
import type { Delivery } from "./notifier.ts";

/** What an earlier process left. */
export interface Recovered {
  /** In the order they were made. */
  readonly deliveries: readonly Delivery[];
  /** False when the store has more than was read. */
  readonly isComplete: boolean;
  /** New versions of those that were in mid-send. */
  readonly changed: readonly Delivery[];
}

/**
 * Reads the newest deliveries, and any older one that waits. One that was in mid-send may have
 * arrived: it goes out again where repeats are harmless, elsewhere once, and never a third time.
 */
export async function recoverDeliveries(options: {
  store: Store;
  now: number;
  limit: number;
  isIdempotent: (channel: string) => boolean;
}): Promise<Recovered> {
  const { store, now, limit } = options;
  const [waiting, recent] = await Promise.all([
    store.latest<Delivery>("deliveries", "state IN ('pending', 'sending')", {}, limit),
    store.latest<Delivery>("deliveries", "", {}, limit),
  ]);
  const newest = new Map<string, Delivery>();
  for (const delivery of [...recent, ...waiting]) {
    const known = newest.get(delivery.id);
    if (!known || known.version < delivery.version) newest.set(delivery.id, delivery);
  }
  const deliveries = [...newest.values()].sort((a, b) => a.createdAt - b.createdAt);
  const changed = deliveries
    .filter((d) => d.state === "sending")
    .map((d) => changedDelivery(d, afterCrash(d, options.isIdempotent(d.channel)), now));
  return { deliveries, changed, isComplete: recent.length < limit };

  function afterCrash(delivery: Delivery, isIdempotent: boolean): Partial<Delivery> {
    if (isIdempotent) return { state: "pending", nextAttemptAt: now, doubtful: true };
    if (delivery.repeated) return { state: "unknown", doubtful: true };
    return { state: "pending", nextAttemptAt: now, doubtful: true, repeated: true };
  }
}
