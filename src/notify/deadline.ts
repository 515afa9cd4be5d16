import type { Clock } from "../clock.ts";

/** Aborts after a time of the given clock, or when told to. */
export interface Deadline {
  readonly signal: AbortSignal;
  abort(): void;
  /** Stops the timer. */
  done(): void;
}

/** A signal that aborts after `ms` milliseconds of `clock` (`AbortSignal.timeout` would read the machine's). */
export function startDeadline(clock: Clock, ms: number): Deadline {
  const controller = new AbortController();
  const abort = () =>
    controller.abort(new DOMException(`no answer within ${Math.round(ms / 100) / 10} s`, "TimeoutError"));
  const cancel = clock.after(ms, abort);
  return { signal: controller.signal, abort, done: cancel };
}
