import type { Detection } from "../detect/detection.ts";
import type { Store } from "../store/store.ts";
import type { Incident, IncidentEvent } from "./incident.ts";
import type { Handover } from "./incident-row.ts";
import { incidentLimits } from "./incident-versions.ts";
import type { Silence } from "./silence.ts";

/** A line of a timeline whose change was saved, and perhaps not handed on. */
export type PromisedEvent = IncidentEvent & { readonly handover?: Handover };

/** What an earlier run left. */
export interface SavedState {
  /** Not resolved, and lately resolved. */
  readonly incidents: readonly Incident[];
  /** The open ones, and the first of each unresolved incident. */
  readonly detections: readonly Detection[];
  readonly silences: readonly Silence[];
  readonly promised: readonly PromisedEvent[];
}

/** How much is read at a start, of each kind; the newest. */
const limits = { unresolved: 10_000, resolved: 2000, openDetections: 5000, events: 2000, idsAtOnce: 500 } as const;

/** Reads what a start needs to go on where an earlier run ended. */
export async function loadSavedIncidents(store: Store, now: number): Promise<SavedState> {
  const unresolved = await store.latest<Incident>("incidents", "state != 'resolved'", {}, limits.unresolved);
  const resolved = await store.latest<Incident>("incidents", "state = 'resolved'", {}, limits.resolved);
  const silences = await store.latest<Silence>(
    "silences",
    "endsAt > fromUnixTimestamp64Milli({now:Int64})",
    { now },
    limits.resolved,
  );
  const events = await store.latest<PromisedEvent>(
    "incident_events",
    "kind IN ('opened', 'updated', 'detection', 'acknowledged', 'resolved', 'reopened')",
    {},
    limits.events,
  );
  const promised = events.filter((event) => event.handover !== undefined).reverse();

  const ids = new Set([
    ...unresolved.flatMap((incident) => [
      ...incident.detections.slice(0, incidentLimits.keys),
      ...incident.openDetections,
    ]),
    ...promised.flatMap((event) => event.handover?.detection ?? []),
  ]);
  const detections = new Map<string, Detection>();
  for (const detection of await loadDetections(store, [...ids])) detections.set(detection.id, detection);
  const open = await store.latest<Detection>("detections", "state = 'open'", {}, limits.openDetections);
  for (const detection of open) detections.set(detection.id, detection);

  // The oldest first: of what memory is too small for, the newest stays.
  const incidents = [...resolved.reverse(), ...unresolved.reverse()];
  return { incidents, detections: [...detections.values()], silences, promised };
}

/** Detections by id; those that are not kept any more are missing. */
export async function loadDetections(store: Store, ids: readonly string[]): Promise<Detection[]> {
  const found: Detection[] = [];
  for (let from = 0; from < ids.length; from += limits.idsAtOnce) {
    const part = ids.slice(from, from + limits.idsAtOnce);
    found.push(
      ...(await store.latest<Detection>("detections", "id IN {ids:Array(String)}", { ids: part }, part.length)),
    );
  }
  return found;
}

/** An incident's timeline, the oldest line first, the newest 1000. */
export async function loadTimeline(store: Store, incident: string): Promise<IncidentEvent[]> {
  const events = await store.latest<PromisedEvent>("incident_events", "incident = {id:String}", { id: incident }, 1000);
  return events.map(withoutHandover).sort((a, b) => a.time - b.time || rank(a) - rank(b));
}

export async function loadIncident(store: Store, id: string): Promise<Incident | undefined> {
  return (await store.latest<Incident>("incidents", "id = {id:String}", { id }, 1))[0];
}

/** Incidents before a time, the newest first, resolved or all; somewhat more than `limit`, for ties. */
export function loadIncidents(
  store: Store,
  query: { readonly state?: string; readonly limit: number; readonly before?: { readonly time: number } },
): Promise<Incident[]> {
  const conditions = [
    ...(query.before ? ["openedAt <= fromUnixTimestamp64Milli({before:Int64})"] : []),
    ...(query.state === undefined ? [] : ["state = {state:String}"]),
  ];
  const params = { before: query.before?.time, state: query.state };
  return store.latest<Incident>("incidents", conditions.join(" AND "), params, query.limit + 100);
}

/** The line itself, as people see it. */
export function withoutHandover({ id, incident, time, kind, by, text }: PromisedEvent): IncidentEvent {
  return { id, incident, time, kind, by, text };
}

// helpers

/** Within one millisecond, the beginning comes first and the end last. */
function rank({ kind }: IncidentEvent): number {
  if (kind === "opened" || kind === "reopened") return 0;
  return kind === "resolved" ? 2 : 1;
}
