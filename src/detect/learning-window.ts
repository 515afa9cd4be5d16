import type { BaselinePlace } from "./baseline.ts";
import type { BaselineHours, PlaceHours } from "./baseline-hours.ts";
import { createWeekClock, hourMs, hoursOfWeek } from "./hour-of-week.ts";
import { lowMedian } from "./robust.ts";

/** A time in which something was wrong; nothing is learned from its hours. */
export interface Freeze {
  /** Epoch ms. */
  readonly from: number;
  readonly to: number;
  /** Whom it concerns: a route, all routes of a class, a gateway; nothing given: everything. */
  readonly place: BaselinePlace;
}

/** What goes on for longer is no exception any more: it is learned, as slowly as everything. */
const longestFreezeHours = 24;
/** A day with less than this share of what the same day of other weeks had is a day of an outage, or a holiday. */
const outageShare = 0.5;
/** Weeks that have to be there to tell such a day. */
const weeksToCompare = 3;
/** Hours of a day without any traffic that can't be told from a service that was off. */
const hoursToCompare = 20;

/** The hours to learn from: which there are, and what hour of the week each was. */
export class LearningWindow {
  /** Slots by hour of the week, by hour of the day, and all; the earliest hour first. */
  readonly byHourOfWeek: readonly number[][];
  readonly byHourOfDay: readonly number[][];
  readonly all: number[] = [];
  readonly #hours: BaselineHours;
  readonly #freezes: readonly Freeze[];
  readonly #from: number;
  readonly #to: number;
  #last: { readonly of: PlaceHours; readonly flags: Uint8Array } | undefined;

  /** `to`: the hour after the last, counted from the epoch. */
  constructor(hours: BaselineHours, options: { to: number; timeZone: string; freezes: readonly Freeze[] }) {
    this.#hours = hours;
    this.#freezes = options.freezes;
    this.#to = options.to;
    this.#from = options.to - hours.size;
    this.byHourOfWeek = Array.from({ length: hoursOfWeek }, () => []);
    this.byHourOfDay = Array.from({ length: 24 }, () => []);
    const clock = createWeekClock(options.timeZone);
    const hourOfWeekAt = (hour: number) => Math.floor(clock((hour + 0.5) * hourMs) / hourMs);
    const outages = this.#outages(hourOfWeekAt);
    for (let hour = this.#from; hour < this.#to; hour++) {
      if (!hours.hadTraffic(hour) || outages.has(hour)) continue;
      const slot = hours.slotOf(hour);
      const hourOfWeek = hourOfWeekAt(hour);
      this.byHourOfWeek[hourOfWeek]!.push(slot);
      this.byHourOfDay[hourOfWeek % 24]!.push(slot);
      this.all.push(slot);
    }
  }

  /** By slot: 1 where an incident about the place was open. */
  frozen(of: PlaceHours): Uint8Array {
    // All measures of one place are learned one after the other.
    if (this.#last?.of === of) return this.#last.flags;
    const flags = new Uint8Array(this.#hours.size);
    this.#last = { of, flags };
    for (const { from, to, place } of this.#freezes) {
      if (!concerns(place, of)) continue;
      const first = Math.max(this.#from, Math.floor(from / hourMs));
      const last = Math.min(this.#to - 1, Math.floor(to / hourMs), Math.floor(from / hourMs) + longestFreezeHours);
      for (let hour = first; hour <= last; hour++) flags[this.#hours.slotOf(hour)] = 1;
    }
    return flags;
  }

  /** Hours of days on which the whole site had far less than on the same day of other weeks. */
  #outages(hourOfWeekAt: (hour: number) => number): ReadonlySet<number> {
    const site = this.#hours.places.get("site")?.figures.requests;
    if (site === undefined) return new Set();
    const days = new Map<number, { hours: number[]; weekday: number }>();
    let day = 0;
    for (let hour = this.#from; hour < this.#to; hour++) {
      const hourOfWeek = hourOfWeekAt(hour);
      if (hourOfWeek % 24 === 0) day++;
      if (!this.#hours.hadTraffic(hour)) continue;
      const known = days.get(day) ?? { hours: [], weekday: Math.floor(hourOfWeek / 24) };
      days.set(day, known);
      known.hours.push(hour);
    }
    const whole = [...days.values()]
      .filter(({ hours }) => hours.length >= hoursToCompare)
      // The middle hour: an attack of some hours doesn't make other days look empty.
      .map((known) => ({ ...known, level: lowMedian(known.hours.map((hour) => site[this.#hours.slotOf(hour)]!)) }));
    const left = whole.filter(({ level, weekday }) => {
      const same = whole.filter((other) => other.weekday === weekday).map((other) => other.level);
      return same.length >= weeksToCompare && level < outageShare * lowMedian(same);
    });
    return new Set(left.flatMap(({ hours }) => hours));
  }
}

function concerns(freeze: BaselinePlace, of: PlaceHours): boolean {
  const { route, gateway, endpointClass } = freeze;
  if (route === undefined && gateway === undefined && endpointClass === undefined) return true;
  const { place } = of;
  if (gateway !== undefined && place.gateway === gateway) return true;
  // Of a route that fails, its class has less; of a class that is attacked, each of its routes may have more.
  if (place.route !== undefined && route !== undefined) return place.route === route;
  return endpointClass !== undefined && of.endpointClass === endpointClass;
}
