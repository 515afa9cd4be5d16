import type { Detection } from "../detect/detection.ts";
import type { SavedRow } from "./store.ts";

/** A detection as a row of `detections`; the time to live counts from its last event. */
export function detectionRow(detection: Detection): SavedRow {
  const { id, version, key, counters, targets, owasp } = detection;
  return {
    table: "detections",
    id,
    version,
    time: detection.lastSeen,
    columns: {
      detector: detection.detector,
      title: detection.title,
      severity: detection.severity,
      state: detection.state,
      mode: detection.mode,
      origin: detection.origin,
      coverage: detection.coverage,
      confidence: detection.confidence,
      strength: detection.strength,
      sealed: detection.sealed,
      stale: detection.stale,
      clientIpCertain: detection.clientIpCertain,
      key,
      clientIp: key["clientIp"] ?? null,
      userId: key["userId"] ?? null,
      apiKey: key["apiKey"] ?? null,
      country: key["country"] ?? null,
      route: detection.route ?? null,
      endpointClass: detection.endpointClass ?? null,
      owner: detection.owner ?? null,
      firstSeen: detection.firstSeen,
      firedAt: detection.firedAt,
      lastSeen: detection.lastSeen,
      counters,
      summary: detection.summary,
      targets: targets.map(({ scope, value }) => `${scope}:${value}`),
      owasp,
      supersedes: detection.supersedes ?? null,
    },
    body: detection,
  };
}
