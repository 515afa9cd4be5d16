import type { Lane } from "./lane.ts";
import type { Scratch } from "./slot.ts";

const firstPlaces = 256;

/** One observation, beside its numbers. */
interface Observed {
  /** Milliseconds since the stretch of time began that is counted together. */
  readonly at: number;
  readonly evidence: number;
  /** The number of the event. */
  readonly event: number;
  /** It is to be kept as a sample. */
  readonly isKept: boolean;
}

/** What was observed of keys in one lane: of each the oldest first. It grows with what comes. */
export class TallyLog {
  readonly lane: Lane;
  #length = 1;
  /** By key: its first and last place; 0: none. */
  #heads = new Uint32Array(firstPlaces);
  #tails = new Uint32Array(firstPlaces);
  #next = new Uint32Array(firstPlaces);
  #at = new Uint32Array(firstPlaces);
  #masks = new Uint32Array(firstPlaces);
  #evidence = new Uint32Array(firstPlaces);
  /** The event's number twice, and one more when it is to be kept. */
  #events = new Uint32Array(firstPlaces);
  #values: Float64Array;
  readonly #width: number;

  constructor(lane: Lane) {
    this.lane = lane;
    this.#width = lane.width;
    this.#values = new Float64Array(firstPlaces * this.#width);
  }

  /** Observations. */
  get size(): number {
    return this.#length - 1;
  }

  add(key: number, { at, evidence, event, isKept }: Observed, scratch: Scratch): void {
    if (this.#length === this.#next.length) this.#growPlaces();
    while (key >= this.#heads.length) this.#growKeys();
    const place = this.#length++;
    const tail = this.#tails[key]!;
    if (tail === 0) this.#heads[key] = place;
    else this.#next[tail] = place;
    this.#tails[key] = place;
    this.#next[place] = 0;
    this.#at[place] = at;
    this.#masks[place] = scratch.mask;
    this.#evidence[place] = evidence;
    this.#events[place] = event * 2 + (isKept ? 1 : 0);
    const width = this.#width;
    for (let v = 0; v < width; v++) this.#values[place * width + v] = scratch.values[v]!;
  }

  /** A key's first place; 0 when it has none. */
  first(key: number): number {
    return key < this.#heads.length ? this.#heads[key]! : 0;
  }

  next(place: number): number {
    return this.#next[place]!;
  }

  at(place: number): number {
    return this.#at[place]!;
  }

  mask(place: number): number {
    return this.#masks[place]!;
  }

  evidence(place: number): number {
    return this.#evidence[place]!;
  }

  event(place: number): number {
    return this.#events[place]! >>> 1;
  }

  isKept(place: number): boolean {
    return (this.#events[place]! & 1) === 1;
  }

  /** No sample of it is wanted after all. */
  drop(place: number): void {
    this.#events[place]! &= ~1;
  }

  value(place: number, number: number): number {
    return this.#values[place * this.#width + number]!;
  }

  clear(): void {
    if (this.#length === 1) return;
    this.#length = 1;
    this.#heads.fill(0);
    this.#tails.fill(0);
  }

  #growKeys(): void {
    this.#heads = doubled(this.#heads);
    this.#tails = doubled(this.#tails);
  }

  #growPlaces(): void {
    this.#next = doubled(this.#next);
    this.#at = doubled(this.#at);
    this.#masks = doubled(this.#masks);
    this.#evidence = doubled(this.#evidence);
    this.#events = doubled(this.#events);
    const values = new Float64Array(this.#values.length * 2);
    values.set(this.#values);
    this.#values = values;
  }
}

function doubled(column: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(column.length * 2);
  larger.set(column);
  return larger;
}
