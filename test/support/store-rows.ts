import { systemClock } from "../../src/clock.ts";
import type { SavedRow } from "../../src/store/store.ts";

/** An hour ago: young enough for every table's time to live. */
export const rowTime = Math.floor(systemClock.now() / 3_600_000 - 1) * 3_600_000;

/** One version of a detection, with a body that shows whether it comes back as it was. */
export function aDetectionRow(id: string, version = 1, columns: SavedRow["columns"] = {}): SavedRow {
  return {
    table: "detections",
    id,
    version,
    time: rowTime,
    columns: { detector: "credential-stuffing", severity: "high", state: "open", ...columns },
    body: { id, version },
  };
}

/** One minute row of `endpoint_minutes`; `i` tells rows apart. */
export function aMinuteRow(i: number, version = 1) {
  const minute = rowTime + Math.floor(i / 1000) * 60_000;
  return {
    minute, partition: "edge:access-logs/0", part: 0, route: `/api/route-${i % 1000}`, method: "GET", country: "DE", gateway: "edge",
    endpointClass: "catalog", version, requests: 7, s2xx: 5, s3xx: 0, s4xx: 1, s5xx: 1, s0: 0, s401: 1, s403: 0, s404: 0, s429: 0,
    ok: 5, failed: 1, denied: 0, limited: 0, enforced: 0, durationCount: 7, durationSumMs: 700.5, durationMaxMs: 200,
    latencyBuckets: [0, 0, 0, 1, 2, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  }; // prettier-ignore
}
