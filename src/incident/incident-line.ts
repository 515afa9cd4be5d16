import type { Incident, IncidentEvent } from "./incident.ts";
import { incidentEventId } from "./incident-row.ts";
import { plainText } from "./plain-text.ts";

/** A line of an incident's timeline. With the same `cause` it is the same line, however often it is written. */
export function incidentLine(
  incident: Pick<Incident, "id">,
  line: {
    readonly kind: IncidentEvent["kind"];
    readonly cause: string;
    readonly text: string;
    readonly time: number;
    readonly by?: string;
  },
): IncidentEvent {
  return {
    id: incidentEventId(incident.id, line.kind, line.cause),
    incident: incident.id,
    time: line.time,
    kind: line.kind,
    by: plainText(line.by ?? "gatewatch", 100),
    text: plainText(line.text, 1000),
  };
}
