import type { EndpointClass } from "../normalize/access-event.ts";
import { type BaselinePlace, placeName } from "./baseline.ts";
import { hoursOfWeek } from "./hour-of-week.ts";

/** What one hour was like at one place; `NaN` where there was too little to say. */
export interface HourFigures {
  /** Requests a minute in the middle one of its six ten minutes, and how far the others were from it. */
  readonly requests: number;
  readonly within: number;
  /** Shares of all requests. */
  readonly errors: number;
  readonly limited: number;
  readonly p90Ms: number;
}

/** One hour at one place. The class of a route's endpoints is known beside its name. */
export interface PlaceHour extends HourFigures {
  readonly place: BaselinePlace;
  readonly endpointClass: EndpointClass | undefined;
}

/** All hours of a place, by slot. */
export interface PlaceHours {
  readonly place: BaselinePlace;
  endpointClass: EndpointClass | undefined;
  readonly figures: Readonly<Record<keyof HourFigures, Float32Array>>;
}

/**
 * Routes beyond these say little each: they are the least busy of the hour they came in. What is learned of
 * so many is written in one go within a few hundredths of a second.
 */
const maxPlaces = 512;

const figureNames = ["requests", "within", "errors", "limited", "p90Ms"] as const;

/**
 * What the hours of the last weeks were like, by place. Each hour has a slot, which the same hour some
 * weeks later takes over.
 */
export class BaselineHours {
  /** Slots: hours of all weeks. */
  readonly size: number;
  readonly places = new Map<string, PlaceHours>();
  /** By slot: the hour that is there, from the epoch on, and 1 where the site had traffic. */
  readonly #hours: Uint32Array;
  readonly #hadTraffic: Uint8Array;

  constructor(weeks: number) {
    this.size = weeks * hoursOfWeek;
    this.#hours = new Uint32Array(this.size);
    this.#hadTraffic = new Uint8Array(this.size);
  }

  /** Takes in all there was in an hour, the busiest places first. Earlier hours have to be added before. */
  add(hour: number, all: readonly PlaceHour[]): void {
    const slot = this.slotOf(hour);
    this.#hours[slot] = hour;
    this.#hadTraffic[slot] = all.length > 0 ? 1 : 0;
    for (const { figures } of this.places.values()) {
      // Where others had requests and this place had none, none is what there was.
      for (const name of figureNames)
        figures[name][slot] = all.length > 0 && (name === "requests" || name === "within") ? 0 : NaN;
    }
    for (const one of all) {
      const known = this.#placeOf(one.place);
      if (known === undefined) continue;
      known.endpointClass = one.endpointClass ?? known.endpointClass;
      for (const name of figureNames) known.figures[name][slot] = one[name];
    }
  }

  /** Whether this hour was taken in. */
  has(hour: number): boolean {
    return this.#hours[this.slotOf(hour)] === hour;
  }

  /** Whether anything was asked for at all in this hour: an hour nobody recorded is no hour without traffic. */
  hadTraffic(hour: number): boolean {
    return this.has(hour) && this.#hadTraffic[this.slotOf(hour)] === 1;
  }

  slotOf(hour: number): number {
    return hour % this.size;
  }

  /** Forgets places that nobody asked for in all these weeks. */
  forgetQuiet(): void {
    for (const [name, { figures }] of this.places) if (!figures.requests.some((n) => n > 0)) this.places.delete(name);
  }

  #placeOf(place: BaselinePlace): PlaceHours | undefined {
    const name = placeName(place);
    let known = this.places.get(name);
    if (known === undefined && this.places.size < maxPlaces) {
      const empty = () => new Float32Array(this.size).fill(NaN);
      known = {
        place,
        endpointClass: undefined,
        figures: { requests: empty(), within: empty(), errors: empty(), limited: empty(), p90Ms: empty() },
      };
      this.places.set(name, known);
    }
    return known;
  }
}
