import type { Clock } from "../clock.ts";

interface Timer {
  at: number;
  readonly everyMs: number | undefined;
  readonly fn: () => void;
}

/**
 * A clock that shows the time of the log line being read: whatever runs by it judges a log of
 * yesterday as it would have judged it yesterday. It moves only when it is told to, and never back.
 */
export class LogClock implements Clock {
  #now = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(ms: number, fn: () => void): () => void {
    return this.#add({ at: this.#now + ms, everyMs: undefined, fn });
  }

  every(ms: number, fn: () => void): () => void {
    return this.#add({ at: this.#now + ms, everyMs: Math.max(1, ms), fn });
  }

  /** Moves on to `time` (epoch ms) and runs what falls due on the way, in order; an earlier time changes nothing. */
  advanceTo(time: number): void {
    for (let due = this.#due(time); due !== undefined; due = this.#due(time)) {
      this.#now = Math.max(this.#now, due.at);
      if (due.everyMs === undefined) this.#timers.delete(due);
      else due.at += due.everyMs;
      due.fn();
    }
    this.#now = Math.max(this.#now, time);
  }

  #due(time: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) if (timer.at <= time && timer.at < (first?.at ?? Infinity)) first = timer;
    return first;
  }

  #add(timer: Timer): () => void {
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }
}

/** From here to there in steps of a second, growing once a gap is long: a quiet night needs no 30,000 looks. */
export function* stepsBetween(from: number, to: number): Generator<number> {
  let at = from;
  while (to - at > 1000) {
    at = Math.min(to, at + Math.max(1000, Math.floor((at - from - 60_000) / 10)));
    yield at;
  }
  if (at < to) yield to;
}
