import type { AccessEvent } from "../normalize/access-event.ts";
import { hashed } from "./hash.ts";
import { hashEvent } from "./key-hash.ts";
import type { KeySpace } from "./key-space.ts";

const firstPlaces = 64;

/** The keys of one space that some events had, numbered from 0 as they came. It grows with them. */
export class TallyKeys {
  readonly space: KeySpace;
  /** By number: the halves of the hash, and the first of its events. */
  readonly hi: number[] = [];
  readonly lo: number[] = [];
  readonly events: AccessEvent[] = [];
  /** By place: a key's number and one, or 0. */
  #table = new Uint32Array(firstPlaces);
  #lastEvent = -1;
  #last = -1;

  constructor(space: KeySpace) {
    this.space = space;
  }

  get size(): number {
    return this.hi.length;
  }

  /** The number of an event's key; -1 when the event lacks a dimension. Looked up once for each event. */
  numberOf(event: AccessEvent, serial: number): number {
    if (serial === this.#lastEvent) return this.#last;
    this.#lastEvent = serial;
    if (!hashEvent(event, this.space.dimensions)) return (this.#last = -1);
    const { hi, lo } = hashed;
    const mask = this.#table.length - 1;
    let place = lo & mask;
    for (let known = this.#table[place]!; known !== 0; known = this.#table[place]!) {
      if (this.lo[known - 1] === lo && this.hi[known - 1] === hi) return (this.#last = known - 1);
      place = (place + 1) & mask;
    }
    this.#table[place] = this.hi.push(hi);
    this.lo.push(lo);
    this.events.push(event);
    if (this.hi.length * 2 > this.#table.length) this.#grow();
    return (this.#last = this.hi.length - 1);
  }

  clear(): void {
    if (this.hi.length === 0) return;
    this.hi.length = this.lo.length = this.events.length = 0;
    this.#table.fill(0);
    this.#lastEvent = -1;
  }

  #grow(): void {
    this.#table = new Uint32Array(this.#table.length * 2);
    const mask = this.#table.length - 1;
    for (let key = 0; key < this.lo.length; key++) {
      let place = this.lo[key]! & mask;
      while (this.#table[place] !== 0) place = (place + 1) & mask;
      this.#table[place] = key + 1;
    }
  }
}
