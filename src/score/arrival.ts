import type { AccessEvent } from "../normalize/access-event.ts";
import type { Normalizer } from "../normalize/normalizer.ts";
import type { SimulatedRecord } from "../simulate/simulation.ts";

/** An event, when it arrives, and on which partition. */
export interface Arrival {
  readonly event: AccessEvent;
  /** Epoch ms; arrivals are in this order. */
  readonly at: number;
  readonly partition: string;
  /** True: a repeat, or a stranger added to fill memory. Nobody's harm and nobody's request. */
  readonly isExtra: boolean;
}

/** The names of the sources that a normalizer has to know. */
export const scoreSources = { requests: "gateway", shopEvents: "shop" } as const;

/** Reads simulated lines as the service would, in their order. Throws when one is not understood. */
export function* readRecords(
  batches: Iterable<readonly SimulatedRecord[]>,
  normalizer: Pick<Normalizer, "normalize">,
): Generator<Arrival> {
  for (const batch of batches) {
    const events: AccessEvent[] = [];
    for (const isShopEvent of [false, true]) readOf(batch, { isShopEvent, normalizer, events });
    for (const [i, event] of events.entries()) {
      yield { event, at: batch[i]!.time, partition: "gateway", isExtra: false };
    }
  }
}

// helpers

function readOf(
  batch: readonly SimulatedRecord[],
  to: { isShopEvent: boolean; normalizer: Pick<Normalizer, "normalize">; events: AccessEvent[] },
): void {
  const offsets = [...batch.keys()].filter((i) => batch[i]!.isShopEvent === to.isShopEvent);
  if (offsets.length === 0) return;
  const { events, offsets: read, rejected } = to.normalizer.normalize({
    source: to.isShopEvent ? scoreSources.shopEvents : scoreSources.requests,
    partition: "simulated",
    records: offsets.map((i) => batch[i]!.line),
    offsets,
    timestamps: offsets.map((i) => batch[i]!.time),
    refused: [],
    next: 0,
    receivedAt: batch.at(-1)!.time,
  }); // prettier-ignore
  const [fault] = rejected;
  if (fault) throw new Error(`a simulated line is not understood: ${fault.reason}, ${fault.detail}: ${fault.head}`);
  for (const [i, event] of events.entries()) to.events[read[i]!] = event;
}
