import type { StoreStatus } from "./store/store.ts";

/** Tells, or takes back, what is wrong with the store: an incident each for ClickHouse and for the journal. */
export function reportStore(
  { reachable, lastError, journalError }: StoreStatus,
  report: (kind: "store-failing", name: string, text: string | undefined) => void,
): void {
  report("store-failing", "clickhouse", reachable ? undefined : `ClickHouse does not answer: ${lastError}`);
  report("store-failing", "journal", journalError && `The journal can't be written: ${journalError}`);
}
