import type { Detection } from "../detect/detection.ts";
import type { SavedRow } from "./store.ts";

/** A detection as it is kept: the columns people ask by, and the whole of it. */
export function detectionRow(detection: Detection): SavedRow {
  const { key } = detection;
  return {
    table: "detections",
    id: detection.id,
    version: detection.version,
    time: detection.firedAt,
    columns: {
      detector: detection.detector,
      title: detection.title,
      severity: detection.severity,
      state: detection.state,
      mode: detection.mode,
      origin: detection.origin,
      coverage: detection.coverage,
      sealed: detection.sealed,
      stale: detection.stale,
      clientIpCertain: detection.clientIpCertain,
      key,
      clientIp: key["clientIp"] ?? "",
      userId: key["userId"] ?? "",
      apiKey: key["apiKey"] ?? "",
      country: key["country"] ?? "",
      route: detection.route ?? "",
      endpointClass: detection.endpointClass ?? "",
      owner: detection.owner ?? "",
      firstSeen: detection.firstSeen,
      firedAt: detection.firedAt,
      lastSeen: detection.lastSeen,
      counters: detection.counters,
      summary: detection.summary,
      targets: detection.targets.map(({ scope, value }) => `${scope}:${value}`),
      owasp: detection.owasp,
      supersedes: detection.supersedes ?? "",
    },
    body: detection,
  };
}
