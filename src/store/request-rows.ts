import type { AccessEvent, NormalizedBatch } from "../normalize/access-event.ts";
import { accessEventRow, limitedRequestRow, rejectedRecordRow } from "./event-rows.ts";
import type { Store } from "./store.ts";

/** A request that a limiter refused, at the gateway or behind it. */
export function isLimitedRequest({ origin, outcome, status }: AccessEvent): boolean {
  return origin === "gateway" && (outcome === "limited" || status === 429);
}

/**
 * Writes the rows of single requests: limited ones, all of them where they are kept, and records that
 * became no event. Each names the record it is of: read and written again it is the same row.
 */
export async function writeRequestRows(
  write: Store["write"],
  batch: { readonly partition: string; readonly read: NormalizedBatch; readonly now: number },
  { keepAccessEvents }: { readonly keepAccessEvents: boolean },
): Promise<void> {
  const { events, offsets, indexes, rejected } = batch.read;
  const originOf = (i: number) => ({ partition: batch.partition, offset: offsets[i]!, index: indexes[i]! });
  const limited = events.flatMap((event, i) =>
    isLimitedRequest(event) ? [limitedRequestRow(event, originOf(i))] : [],
  );
  if (limited.length > 0) await write("limited_requests", limited);
  if (keepAccessEvents && events.length > 0)
    await write("access_events", events.map((event, i) => accessEventRow(event, originOf(i)))); // prettier-ignore
  if (rejected.length > 0) await write("rejected_records", rejected.map((record) => rejectedRecordRow(record, batch.now))); // prettier-ignore
}
