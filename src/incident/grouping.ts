import type { Detection } from "../detect/detection.ts";
import type { Runbook } from "./runbook.ts";
import { plainText } from "./plain-text.ts";

/** What a runbook may group by, beside the dimensions of a detection's key. */
export const groupFields = ["endpointClass", "route", "owner", "detector", "severity", "gateway"] as const;

/** Whether a runbook's `match` chooses this detection; `when` is asked separately. */
export function matches(runbook: Runbook, detection: Detection): boolean {
  const { match } = runbook;
  if (match === undefined) return detection.detector === runbook.id && detection.origin === "query";
  return (
    match.detector.includes(detection.detector) &&
    (match.severity === undefined || match.severity.includes(detection.severity))
  );
}

/** The values that tell one incident of a runbook from another. */
export function groupOf(dimensions: readonly string[], detection: Detection): Record<string, string> {
  return Object.fromEntries(dimensions.map((dimension) => [dimension, valueOf(dimension, detection)]));
}

/** A group as one text, whatever the order of its values. */
export function groupKey(group: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(group).sort(([a], [b]) => (a < b ? -1 : 1)));
}

// helpers

function valueOf(dimension: string, detection: Detection): string {
  const value = detection.key[dimension] ?? fieldOf(dimension, detection);
  return value === undefined || value === "" ? "unknown" : plainText(value, 200);
}

function fieldOf(dimension: string, detection: Detection): string | undefined {
  switch (dimension) {
    case "endpointClass":
      return detection.endpointClass;
    case "route":
      return detection.route;
    case "owner":
      return detection.owner;
    case "detector":
      return detection.detector;
    case "severity":
      return detection.severity;
    case "gateway":
      return detection.evidence[0]?.gateway;
    default:
      return undefined;
  }
}
