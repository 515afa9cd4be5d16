import type { AccessEvent, NormalizedBatch } from "../../src/normalize/access-event.ts";

/** Events as a normalizer gives them: each from the record at its offset; those of one record count up. */
export function readEvents(
  events: readonly AccessEvent[],
  offsets: readonly number[] = events.map((_, i) => i),
): NormalizedBatch {
  const indexes = offsets.map((offset, i) => i - offsets.indexOf(offset));
  return { events, offsets, indexes, rejected: [] };
}
