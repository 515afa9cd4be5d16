/** Events up to so far ahead wait in slots of a millisecond; the others in a heap. A power of two. */
const horizonMs = 65_536;
const none = -1;

/**
 * Who acts when: a calendar of milliseconds, so that taking and adding cost the same however many
 * wait. Those of one millisecond come in the order they were added. Times are whole milliseconds.
 */
export class EventQueue<T> {
  /** The millisecond looked at. */
  now: number;
  readonly #first = new Int32Array(horizonMs).fill(none);
  readonly #last = new Int32Array(horizonMs).fill(none);
  #items: (T | undefined)[] = [];
  /** Of each entry: the next of its slot, or of the free ones. */
  #next = new Int32Array(1_024);
  #free = none;
  #far: Waiting<T>[] = [];
  #order = 0;
  size = 0;

  constructor(start: number) {
    this.now = start;
  }

  /** Adds an item for `time`, or for the next millisecond when that is past. */
  add(time: number, item: T): void {
    const at = Math.max(time, this.now);
    this.size++;
    if (at - this.now < horizonMs) this.#put(at, item);
    else this.#addFar({ time: at, order: this.#order++, item });
  }

  /** Takes the next item that comes before `end`; sets `now` to its time. */
  takeBefore(end: number): T | undefined {
    while (this.now < end) {
      const slot = this.now & (horizonMs - 1);
      const entry = this.#first[slot] as number;
      if (entry === none) {
        this.now++;
        this.#bringNear();
        continue;
      }
      const next = this.#next[entry] as number;
      this.#first[slot] = next;
      if (next === none) this.#last[slot] = none;
      this.#next[entry] = this.#free;
      this.#free = entry;
      const item = this.#items[entry] as T;
      this.#items[entry] = undefined;
      this.size--;
      return item;
    }
    return undefined;
  }

  #put(time: number, item: T): void {
    let entry = this.#free;
    if (entry === none) {
      entry = this.#items.length;
      if (entry === this.#next.length) {
        const larger = new Int32Array(entry * 2);
        larger.set(this.#next);
        this.#next = larger;
      }
      this.#items.push(item);
    } else {
      this.#free = this.#next[entry] as number;
      this.#items[entry] = item;
    }
    this.#next[entry] = none;
    const slot = time & (horizonMs - 1);
    const last = this.#last[slot] as number;
    if (last === none) this.#first[slot] = entry;
    else this.#next[last] = entry;
    this.#last[slot] = entry;
  }

  /** What has come within the horizon moves into its slot. */
  #bringNear(): void {
    for (let top = this.#far[0]; top !== undefined && top.time - this.now < horizonMs; top = this.#far[0]) {
      this.#takeFar();
      this.#put(top.time, top.item);
    }
  }

  #addFar(entry: Waiting<T>): void {
    const heap = this.#far;
    let i = heap.length;
    heap.push(entry);
    while (i > 0) {
      const above = (i - 1) >> 1;
      if (!isBefore(entry, heap[above]!)) break;
      heap[i] = heap[above]!;
      i = above;
    }
    heap[i] = entry;
  }

  #takeFar(): void {
    const heap = this.#far;
    const entry = heap.pop()!;
    if (heap.length === 0) return;
    let i = 0;
    for (;;) {
      let below = 2 * i + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below++;
      if (!isBefore(heap[below]!, entry)) break;
      heap[i] = heap[below]!;
      i = below;
    }
    heap[i] = entry;
  }
}

// helpers

interface Waiting<T> {
  readonly time: number;
  readonly order: number;
  readonly item: T;
}

function isBefore<T>(a: Waiting<T>, b: Waiting<T>): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}
