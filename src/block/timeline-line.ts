import { createHash } from "node:crypto";
import type { IncidentEvent } from "../incident/incident.ts";
import type { Decision } from "./decision.ts";

/** What is said of a decision, and by whom if not by gatewatch. */
export interface DecisionLine {
  readonly kind: IncidentEvent["kind"];
  readonly text: string;
  readonly by?: string;
}

/** The line on the incident's timeline; its id is the same for the same version of a decision. */
export function timelineLine(decision: Decision, line: DecisionLine, now: number): IncidentEvent {
  const cause = `${decision.uuid} ${decision.version}`;
  const id = createHash("sha256").update(cause).digest("hex").slice(0, 16);
  return {
    id: `evt_${id}`,
    incident: decision.incident ?? "",
    time: now,
    kind: line.kind,
    by: line.by ?? "gatewatch",
    text: line.text,
  };
}
