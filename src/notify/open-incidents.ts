import type { Incident } from "../incident/incident.ts";

/** An incident, as a summary lists it. */
export interface OpenIncident {
  readonly id: string;
  readonly team: string;
  readonly title: string;
  readonly severity: string;
}

/** The incidents that are open now, of teams; bounded, the oldest are forgotten first. */
export class OpenIncidents {
  readonly #limit: number;
  readonly #byId = new Map<string, OpenIncident>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  note(incident: Incident): void {
    const { id, team, title, severity } = incident;
    if (incident.state === "resolved" || team === undefined) {
      this.#byId.delete(id);
      return;
    }
    this.#byId.set(id, { id, team, title, severity });
    const oldest = this.#byId.keys().next();
    if (this.#byId.size > this.#limit && !oldest.done) this.#byId.delete(oldest.value);
  }

  /** Those of a team, the newest first. */
  ofTeam(team: string): readonly OpenIncident[] {
    return [...this.#byId.values()].filter((incident) => incident.team === team).reverse();
  }
}
