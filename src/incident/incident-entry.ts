import type { Detection } from "../detect/detection.ts";
import type { Incident } from "./incident.ts";
import type { Runbook } from "./runbook.ts";
import type { SilenceSubject } from "./silence.ts";
import { groupKey } from "./grouping.ts";
import { incidentLimits } from "./incident-versions.ts";

/** An incident in memory, with what its saved form does not tell. */
export interface IncidentEntry {
  incident: Incident;
  /** The rules it goes by; those of a later reload, unless the file is gone. */
  runbook: Runbook;
  /** Set while all its detections are stale or on trial: no reason to wake anyone. */
  hushed: "stale" | "dry_run" | undefined;
  /** Detections that go on, and when something was last heard of each. */
  readonly open: Map<string, number>;
  readonly detectors: Set<string>;
  /** By their text; up to the bound of an incident's keys. */
  readonly keys: Map<string, Readonly<Record<string, string>>>;
}

/** Takes note of a detection in what is kept beside the incident. */
export function noteDetection(entry: IncidentEntry, detection: Detection, now: number): void {
  if (detection.state === "open") entry.open.set(detection.id, now);
  else entry.open.delete(detection.id);
  if (hushOf(detection) === undefined) entry.hushed = undefined;
  entry.detectors.add(detection.detector);
  if (entry.keys.size < incidentLimits.keys) entry.keys.set(groupKey(detection.key), detection.key);
}

/** Why nobody may be woken for it: it is long over, or its detector is on trial. */
export function hushOf(detection: Detection): IncidentEntry["hushed"] {
  if (detection.stale) return "stale";
  return detection.mode === "dry-run" ? "dry_run" : undefined;
}

export function isOpen(entry: IncidentEntry): boolean {
  return entry.incident.state !== "resolved";
}

/** The incident as silences look at it. */
export function silenceSubject(entry: IncidentEntry): SilenceSubject {
  const { incident, detectors, keys } = entry;
  const isComplete = incident.detectionCount <= incidentLimits.keys && keys.size > 0;
  return {
    runbook: incident.runbook,
    team: incident.team,
    detectors,
    keys: isComplete ? [...keys.values()] : undefined,
  };
}
