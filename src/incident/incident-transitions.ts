import type { Detection } from "../detect/detection.ts";
import type { Incident, IncidentChange, IncidentEvent } from "./incident.ts";
import type { Runbook } from "./runbook.ts";
import { hushOf, isOpen, noteDetection, type IncidentEntry } from "./incident-entry.ts";
import { incidentLine } from "./incident-line.ts";
import * as versions from "./incident-versions.ts";
import { explainQuiet } from "./quiet.ts";

/** A change, and its line on the timeline where it is worth one. */
export interface BookChange {
  readonly change: IncidentChange;
  readonly line: IncidentEvent | undefined;
}

/** What a transition needs to know of the world around its incident. */
export interface Scene {
  readonly now: number;
  /** The team to page for the detection. */
  team(runbook: Runbook, detection: Detection): string | undefined;
  /** Why nobody may be paged for the incident right now. */
  quiet(entry: IncidentEntry): string | undefined;
}

/** A detection opens an incident. */
export function begin(
  opening: { readonly runbook: Runbook; readonly group: Record<string, string>; readonly detection: Detection },
  scene: Scene,
): { readonly entry: IncidentEntry; readonly made: BookChange } {
  const { runbook, detection } = opening;
  const incident = versions.beginIncident({ ...opening, team: scene.team(runbook, detection), now: scene.now });
  const hushed = hushOf(detection);
  const entry = { incident, runbook, hushed, open: new Map(), detectors: new Set<string>(), keys: new Map() };
  noteDetection(entry, detection, scene.now);
  const line = { kind: "opened", cause: detection.id, text: `Opened: ${detection.summary}` } as const;
  return { entry, made: put(entry, scene, { kind: "opened", incident, detection, alarm: true, line }) };
}

/** A new detection joins an incident, open or (where it only completes the picture) resolved. */
export function join(entry: IncidentEntry, detection: Detection, scene: Scene): BookChange {
  const incident = versions.withDetection(entry.incident, detection, scene.now);
  noteDetection(entry, detection, scene.now);
  const raised = incident.severity !== entry.incident.severity;
  const line = raised
    ? raisedLine(incident, detection)
    : ({ kind: "detection", cause: detection.id, text: detection.summary } as const);
  // Counts go on beyond the bound, the timeline doesn't: it is for people.
  const isTold = raised || incident.detectionCount <= versions.incidentLimits.detections;
  const change = { kind: "updated", incident, detection, alarm: raised } as const;
  return put(entry, scene, isTold ? { ...change, line } : change);
}

/** News of a detection the incident has. `replaces`: the id it had until it was sealed. */
export function follow(
  entry: IncidentEntry,
  detection: Detection,
  scene: Scene & { readonly replaces: string | undefined },
): BookChange {
  const incident = versions.withNews(entry.incident, detection, scene.now, scene.replaces);
  const wasOpen = entry.open.has(scene.replaces ?? detection.id);
  if (scene.replaces !== undefined) entry.open.delete(scene.replaces);
  noteDetection(entry, detection, scene.now);
  const raised = incident.severity !== entry.incident.severity;
  const change = { kind: "updated", incident, detection, alarm: raised } as const;
  if (raised) return put(entry, scene, { ...change, line: raisedLine(incident, detection) });
  if (!wasOpen || detection.state === "open") return put(entry, scene, change);
  const how = detection.state === "closed" ? "Ended" : "Not confirmed once all events were there";
  const line = {
    kind: "detection",
    cause: `${detection.id} ended ${detection.version}`,
    text: `${how}: ${detection.summary}`,
  } as const;
  return put(entry, scene, { ...change, line });
}

/** What was over begins again, by a new detection, or by one that it had and that goes on. */
export function reopen(entry: IncidentEntry, detection: Detection, scene: Scene): BookChange {
  const team = scene.team(entry.runbook, detection);
  const open = versions.reopened(entry.incident, team, scene.now);
  entry.hushed = hushOf(detection);
  noteDetection(entry, detection, scene.now);
  const has = open.detections.includes(detection.id);
  const incident = (has ? versions.withNews : versions.withDetection)(open, detection, scene.now);
  const line = { kind: "reopened", cause: detection.id, text: `Reopened: ${detection.summary}` } as const;
  return put(entry, scene, { kind: "reopened", incident, detection, alarm: true, line });
}

/** Somebody has seen it. */
export function acknowledge(entry: IncidentEntry, by: string, scene: Scene): BookChange {
  const incident = versions.acknowledged(entry.incident, by, scene.now);
  const line = { kind: "acknowledged", cause: `${incident.version}`, text: "Acknowledged", by } as const;
  return put(entry, scene, { kind: "acknowledged", incident, line });
}

/** It is over, as a person says, or as nothing more was seen. */
export function close(entry: IncidentEntry, how: { by: string; text: string }, scene: Scene): BookChange {
  const incident = versions.resolved(entry.incident, how.by, scene.now);
  entry.open.clear();
  const line = { kind: "resolved", cause: `${incident.version}`, ...how } as const;
  return put(entry, scene, { kind: "resolved", incident, line });
}

/** Looks again whether people may be told; `undefined` when nothing changes. */
export function reviewQuiet(entry: IncidentEntry, scene: Scene): BookChange | undefined {
  const quiet = scene.quiet(entry);
  if (quiet === entry.incident.quiet) return undefined;
  const incident = versions.next(entry.incident, scene.now, {});
  const text = quiet === undefined ? "People may be told again" : `From now on ${explainQuiet(quiet)}`;
  const line = { kind: "updated", cause: `${incident.version} ${quiet}`, text } as const;
  return put(entry, scene, { kind: "updated", incident, line });
}

// helpers

interface Put {
  readonly kind: IncidentChange["kind"];
  readonly incident: Incident;
  readonly detection?: Detection;
  /** People have to be told, unless there is a reason for quiet. */
  readonly alarm?: boolean;
  readonly line?: {
    readonly kind: IncidentEvent["kind"];
    readonly cause: string;
    readonly text: string;
    readonly by?: string;
  };
}

/** Makes `incident` the entry's state. People are told of an alarm, or when the reason for quiet is gone. */
function put(entry: IncidentEntry, scene: Scene, { kind, incident, detection, alarm = false, line }: Put): BookChange {
  const quietBefore = entry.incident.quiet;
  entry.incident = incident;
  const quiet = isOpen(entry) ? scene.quiet(entry) : incident.quiet;
  const openDetections = [...entry.open.keys()].slice(0, versions.incidentLimits.detections);
  entry.incident = { ...incident, openDetections, quiet };
  const isLifted = incident.state === "open" && quietBefore !== undefined;
  const change: IncidentChange = {
    kind,
    incident: entry.incident,
    runbook: entry.runbook,
    detection,
    page: isOpen(entry) && quiet === undefined && (alarm || isLifted),
  };
  if (!line) return { change, line: undefined };
  const hint = alarm && quiet !== undefined ? ` (${explainQuiet(quiet)})` : "";
  return { change, line: incidentLine(incident, { ...line, text: line.text + hint, time: scene.now }) };
}

function raisedLine(incident: Incident, detection: Detection) {
  const text = `Now ${incident.severity}: ${detection.summary}`;
  return { kind: "updated", cause: `${detection.id} ${incident.severity}`, text } as const;
}
