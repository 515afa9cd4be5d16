import type { AccessEvent, EventField } from "../normalize/access-event.ts";
import { compile } from "./compile.ts";
import type { BoundDetector } from "./plan.ts";

/** Events a detector has to have looked at before its coverage is told. */
const enough = 50;
/** Gateways come from the configuration; more of them than this are not told apart. */
const maxPlaces = 128;

/** What a detector can see of the traffic it looks at. `waiting`: too little of it yet to say. */
export interface DetectorCoverage {
  readonly state: "waiting" | "full" | "reduced" | "blind";
  /**
   * Fields it needs, or would be surer with, that none of its events had. `attempt` alone: requests
   * come, but their endpoints say that shop events count, and of those there was none.
   */
  readonly missing: readonly EventField[];
  readonly events: number;
  /** Of each field it needs or would be surer with: the share of its events that had it; none before the first event. */
  readonly fields: readonly FieldShare[];
  /** Gateways (and shop events apart from requests) where a field is missing that others have. */
  readonly gaps: readonly CoverageGap[];
}

export interface FieldShare {
  readonly field: EventField;
  /** True: without it the detector is blind. */
  readonly needed: boolean;
  /** 0 to 1. */
  readonly share: number;
}

export interface CoverageGap {
  readonly gateway: string;
  readonly origin: AccessEvent["origin"];
  readonly events: number;
  readonly missing: readonly EventField[];
}

/** Events of one gateway and origin: by detector, how many, and how many of them had each field. */
interface Place {
  readonly gateway: string;
  readonly origin: AccessEvent["origin"];
  readonly seen: Float64Array;
  readonly with: readonly Float64Array[];
  /** Not added to those yet: by the detectors that looked, and by the fields (as bits) that an event had. */
  readonly waiting: Map<readonly BoundDetector[], Map<number, number>>;
}

/** Different combinations of detectors and fields that wait at one place; beyond it they are added up. */
const mostWaiting = 4_096;

/** Counts, for each detector, how many of the events it looks at have the fields it needs. */
export class Coverage {
  readonly #fields: readonly (readonly EventField[])[];
  /** All fields that any detector asks for: a bit for each. */
  readonly #asked: readonly EventField[];
  readonly #fieldsOf: (event: AccessEvent) => number;
  readonly #total: Place;
  readonly #awaited: Float64Array;
  readonly #places: Place[] = [];
  readonly #bound: readonly BoundDetector[];
  #place: Place;
  #waiting = 0;

  constructor(bound: readonly BoundDetector[]) {
    this.#bound = bound;
    this.#fields = bound.map(({ active: { definition } }) => [
      ...definition.needs.required,
      ...definition.needs.better,
    ]);
    this.#asked = [...new Set(this.#fields.flat())];
    this.#fieldsOf = fieldTest(this.#asked);
    this.#total = this.#newPlace("", "gateway");
    this.#awaited = new Float64Array(bound.length);
    this.#place = this.#total;
  }

  /** These detectors looked at an event. Which fields each of them asks for is looked up only when somebody wants to know. */
  look(detectors: readonly BoundDetector[], event: AccessEvent): void {
    const had = this.#fieldsOf(event);
    const { waiting } = this.#placeOf(event);
    let counts = waiting.get(detectors);
    if (counts === undefined) waiting.set(detectors, (counts = new Map()));
    const count = counts.get(had);
    counts.set(had, (count ?? 0) + 1);
    if (count === undefined && ++this.#waiting >= mostWaiting) this.#settle();
  }

  /** A request came whose attempt a shop event is to tell of. */
  await(detector: BoundDetector): void {
    this.#awaited[detector.index]!++;
  }

  of(detector: BoundDetector): DetectorCoverage {
    this.#settle();
    const { index } = detector;
    const events = this.#total.seen[index]!;
    if (events === 0 && this.#awaited[index]! >= enough) {
      return { state: "blind", missing: ["attempt"], events, fields: [], gaps: [] };
    }
    const required = detector.active.definition.needs.required;
    const counts = this.#total.with[index]!;
    const fields = this.#fields[index]!.map((field, f) => ({
      field,
      needed: f < required.length,
      share: counts[f]! / Math.max(1, events),
    }));
    if (events < enough) return { state: "waiting", missing: [], events, fields: events === 0 ? [] : fields, gaps: [] };
    const missing = this.#missingOf(index, this.#total);
    const blind = missing.some((field) => required.includes(field));
    const state = blind ? "blind" : missing.length > 0 ? "reduced" : "full";
    return { state, missing, events, fields, gaps: this.#gapsOf(index, missing) };
  }

  /** What was seen since the last time, to be added to another's; forgets it. */
  drain(): SeenFields {
    const looked = this.#places.flatMap(({ gateway, origin, waiting }) =>
      [...waiting].flatMap(([detectors, counts]) =>
        [...counts].map(([had, count]) => ({
          ...{ gateway, origin, count, detectors: detectors.map(({ index }) => index) },
          fields: this.#asked.filter((_, f) => ((had >>> f) & 1) === 1),
        })),
      ),
    );
    const awaited = [...this.#awaited].flatMap((count, detector) => (count > 0 ? [{ detector, count }] : []));
    for (const { waiting } of this.#places) waiting.clear();
    this.#awaited.fill(0);
    this.#waiting = 0;
    return { looked, awaited };
  }

  /** Adds what another one saw; its detectors by their numbers here. */
  merge({ looked, awaited }: SeenFields): void {
    for (const { detector, count } of awaited) this.#awaited[detector]! += count;
    for (const { detectors, fields, count, ...of } of looked) {
      const place = this.#placeOf(of);
      let had = 0;
      for (const field of fields) if (this.#asked.includes(field)) had |= 1 << this.#asked.indexOf(field);
      for (const index of detectors) this.#add(place, { index, had, count });
    }
  }

  save(): SavedCoverage {
    this.#settle();
    return this.#bound.map(({ index, active }) => ({
      detector: active.definition.id,
      fields: this.#fields[index]!,
      seen: this.#total.seen[index]!,
      counts: [...this.#total.with[index]!],
    }));
  }

  /** Gateways are told apart anew: those of an earlier run may be gone. */
  load(saved: SavedCoverage): void {
    for (const { index, active } of this.#bound) {
      const known = saved.find(({ detector }) => detector === active.definition.id);
      if (!known || known.fields.join() !== this.#fields[index]!.join()) continue;
      this.#total.seen[index] = known.seen;
      this.#total.with[index]!.set(known.counts);
    }
  }

  /** Adds up what waits. */
  #settle(): void {
    if (this.#waiting === 0) return;
    this.#waiting = 0;
    for (const place of this.#places) {
      for (const [detectors, counts] of place.waiting) {
        for (const [had, count] of counts) for (const { index } of detectors) this.#add(place, { index, had, count });
      }
      place.waiting.clear();
    }
  }

  #add(place: Place, { index, had, count }: { index: number; had: number; count: number }): void {
    for (const { seen, with: known } of [this.#total, place]) {
      seen[index]! += count;
      this.#fields[index]!.forEach((field, f) => {
        if (((had >>> this.#asked.indexOf(field)) & 1) === 1) known[index]![f]! += count;
      });
    }
  }

  #gapsOf(index: number, missingEverywhere: readonly EventField[]): CoverageGap[] {
    return this.#places.flatMap((place) => {
      if (place.seen[index]! < enough) return [];
      const missing = this.#missingOf(index, place).filter((field) => !missingEverywhere.includes(field));
      const { gateway, origin } = place;
      return missing.length === 0 ? [] : [{ gateway, origin, events: place.seen[index]!, missing }];
    });
  }

  #missingOf(index: number, place: Place): EventField[] {
    return this.#fields[index]!.filter((_, f) => place.with[index]![f] === 0);
  }

  /** Events come in runs from one gateway, so that the last place is nearly always the one. */
  #placeOf({ gateway, origin }: Pick<AccessEvent, "gateway" | "origin">): Place {
    if (this.#place.gateway === gateway && this.#place.origin === origin && this.#place !== this.#total)
      return this.#place;
    let place = this.#places.find((known) => known.gateway === gateway && known.origin === origin);
    if (place === undefined && this.#places.length < maxPlaces) {
      place = this.#newPlace(gateway, origin);
      this.#places.push(place);
    }
    return (this.#place = place ?? this.#places.at(-1)!);
  }

  #newPlace(gateway: string, origin: AccessEvent["origin"]): Place {
    return {
      gateway,
      origin,
      seen: new Float64Array(this.#bound.length),
      with: this.#fields.map((fields) => new Float64Array(fields.length)),
      waiting: new Map(),
    };
  }
}

/** Events by what they had; detectors by their numbers. */
export interface SeenFields {
  readonly looked: readonly {
    readonly gateway: string;
    readonly origin: AccessEvent["origin"];
    readonly detectors: readonly number[];
    readonly fields: readonly EventField[];
    readonly count: number;
  }[];
  /** Requests whose attempts shop events are to tell of. */
  readonly awaited: readonly { readonly detector: number; readonly count: number }[];
}

export type SavedCoverage = readonly {
  readonly detector: string;
  readonly fields: readonly EventField[];
  readonly seen: number;
  readonly counts: readonly number[];
}[];

/** Tells which of the fields an event has, by bit; written out, since it is asked of every event. */
function fieldTest(fields: readonly EventField[]): (event: AccessEvent) => number {
  const bits = fields.map((field, f) => {
    const value = `event[${JSON.stringify(field)}]`;
    const unknown = field === "outcome" || field === "answeredBy" ? `"unknown"` : "undefined";
    return field === "status"
      ? `(event.origin === "gateway" ? ${1 << f} : 0)`
      : `(${value} !== ${unknown} ? ${1 << f} : 0)`;
  });
  return compile({}, `(event) => ${["0", ...bits].join(" | ")}`) as (event: AccessEvent) => number;
}

/** Whether an event has the field; `unknown` is as good as nothing. */
export function isKnown(event: AccessEvent, field: EventField): boolean {
  if (field === "outcome") return event.outcome !== "unknown";
  if (field === "answeredBy") return event.answeredBy !== "unknown";
  if (field === "status") return event.origin === "gateway";
  return event[field] !== undefined;
}
