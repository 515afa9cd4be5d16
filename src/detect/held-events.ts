import type { AccessEvent } from "../normalize/access-event.ts";

/** What is read of a partition before its pause takes effect is far less; beyond it events are not held. */
const maxHeld = 100_000;

/**
 * Events of partitions that ran ahead of the others. Counted at once, they would take the buckets of
 * events that are still to be read; so they wait, and come out in order of time.
 */
export class HeldEvents {
  #events: AccessEvent[] = [];
  #sorted = true;

  /** The earliest one's time, epoch ms; `undefined` when there is none. */
  get earliest(): number | undefined {
    this.#sort();
    return this.#events[0]?.time;
  }

  /** False when there is no room. */
  hold(event: AccessEvent): boolean {
    if (this.#events.length >= maxHeld) return false;
    this.#sorted &&= event.time >= (this.#events.at(-1)?.time ?? 0);
    this.#events.push(event);
    return true;
  }

  /** Gives back those up to `time`, the earliest first. */
  release(time: number): AccessEvent[] {
    this.#sort();
    const end = this.#events.findIndex((event) => event.time > time);
    return this.#events.splice(0, end === -1 ? this.#events.length : end);
  }

  save(): readonly AccessEvent[] {
    return [...this.#events];
  }

  load(events: readonly AccessEvent[]): void {
    this.#events = [...events];
    this.#sorted = false;
  }

  #sort(): void {
    if (!this.#sorted) this.#events.sort((a, b) => a.time - b.time);
    this.#sorted = true;
  }
}
