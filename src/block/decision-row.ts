import type { SavedRow } from "../store/store.ts";
import type { Decision } from "./decision.ts";

/** A decision as the store keeps it: one row, by its uuid. Times are epoch milliseconds. */
export function decisionRow(decision: Decision): SavedRow {
  return {
    table: "decisions",
    id: decision.uuid,
    version: decision.version,
    time: decision.createdAt,
    columns: {
      number: decision.id,
      uuid: decision.uuid,
      scope: decision.scope,
      value: decision.value,
      action: decision.action,
      state: decision.state,
      origin: decision.origin,
      incident: decision.incident ?? "",
      detection: decision.detection ?? "",
      runbook: decision.runbook ?? "",
      reason: decision.reason,
      dryRun: decision.dryRun,
      repeat: decision.repeat,
      createdAt: decision.createdAt,
      until: decision.until,
      liftedBy: decision.liftedBy ?? "",
      liftedAt: decision.liftedAt ?? null,
    },
    body: decision,
  };
}
