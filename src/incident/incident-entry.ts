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

/** A saved incident back in memory, with those of its detections that are at hand. */
export function restoreEntry(saved: {
  readonly incident: Incident;
  /** `undefined`: its file is gone. */
  readonly runbook: Runbook | undefined;
  readonly detections: readonly Detection[];
  readonly now: number;
}): IncidentEntry {
  const { incident, detections, now } = saved;
  const entry: IncidentEntry = {
    incident,
    runbook: saved.runbook ?? retiredRunbook(incident),
    hushed: undefined,
    open: new Map(incident.openDetections.map((id) => [id, now])),
    detectors: new Set(),
    keys: new Map(),
  };
  for (const detection of detections) noteDetection(entry, detection, now);
  if (!isOpen(entry)) entry.open.clear();
  entry.hushed = incident.quiet === "stale" || incident.quiet === "dry_run" ? incident.quiet : undefined;
  return entry;
}

// helpers

/** Stands in for a runbook whose file is gone while its incident is still open. */
function retiredRunbook(incident: Incident): Runbook {
  return {
    id: incident.runbook,
    file: "",
    title: incident.title,
    match: undefined,
    query: undefined,
    when: undefined,
    group: Object.keys(incident.group),
    severity: incident.severity,
    page: incident.team,
    block: undefined,
    inhibits: [],
    resolveAfterMs: 900_000,
    steps: "The runbook's file is gone; what it said is in your version control.",
  };
}
