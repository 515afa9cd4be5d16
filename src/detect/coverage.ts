import type { AccessEvent, EventField } from "../normalize/access-event.ts";
import type { BoundDetector } from "./plan.ts";

/** Events a detector has to have looked at before its coverage is told. */
const enough = 50;

/** What a detector can see of the traffic it looks at. `waiting`: too little of it yet to say. */
export interface DetectorCoverage {
  readonly state: "waiting" | "full" | "reduced" | "blind";
  /** Fields it needs, or would be surer with, that none of its events had. */
  readonly missing: readonly EventField[];
  readonly events: number;
}

/** Counts, for each detector, how many of the events it looks at have the fields it needs. */
export class Coverage {
  readonly #fields: readonly (readonly EventField[])[];
  readonly #seen: Float64Array;
  readonly #with: readonly Float64Array[];
  readonly #bound: readonly BoundDetector[];

  constructor(bound: readonly BoundDetector[]) {
    this.#bound = bound;
    this.#fields = bound.map(({ active: { definition } }) => [
      ...definition.needs.required,
      ...definition.needs.better,
    ]);
    this.#seen = new Float64Array(bound.length);
    this.#with = this.#fields.map((fields) => new Float64Array(fields.length));
  }

  look(detector: BoundDetector, event: AccessEvent): void {
    const i = detector.index;
    this.#seen[i]!++;
    const fields = this.#fields[i]!;
    const counts = this.#with[i]!;
    for (let f = 0; f < fields.length; f++) if (isKnown(event, fields[f]!)) counts[f]!++;
  }

  of(detector: BoundDetector): DetectorCoverage {
    const events = this.#seen[detector.index]!;
    const missing = this.#fields[detector.index]!.filter((_, f) => this.#with[detector.index]![f] === 0);
    const required = detector.active.definition.needs.required;
    if (events < enough) return { state: "waiting", missing: [], events };
    if (missing.some((field) => required.includes(field))) return { state: "blind", missing, events };
    return { state: missing.length > 0 ? "reduced" : "full", missing, events };
  }

  save(): SavedCoverage {
    return this.#bound.map(({ index, active }) => ({
      detector: active.definition.id,
      fields: this.#fields[index]!,
      seen: this.#seen[index]!,
      counts: [...this.#with[index]!],
    }));
  }

  load(saved: SavedCoverage): void {
    for (const { index, active } of this.#bound) {
      const known = saved.find(({ detector }) => detector === active.definition.id);
      if (!known || known.fields.join() !== this.#fields[index]!.join()) continue;
      this.#seen[index] = known.seen;
      this.#with[index]!.set(known.counts);
    }
  }
}

export type SavedCoverage = readonly {
  readonly detector: string;
  readonly fields: readonly EventField[];
  readonly seen: number;
  readonly counts: readonly number[];
}[];

function isKnown(event: AccessEvent, field: EventField): boolean {
  if (field === "outcome") return event.outcome !== "unknown";
  return event[field] !== undefined;
}
