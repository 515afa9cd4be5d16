/**
 * Time as an argument. Everything that needs the time, or wants to be called later, takes a
 * `Clock`, so that a test can drive hours in a millisecond. This is the only file that reads
 * the machine's time.
 */
export interface Clock {
  /** Wall-clock time, epoch milliseconds. */
  now(): number;
  /** A time that never goes backwards, in milliseconds; only differences mean something. */
  monotonic(): number;
  /** Calls `fn` once after `ms` milliseconds; the result cancels it. */
  after(ms: number, fn: () => void): () => void;
  /** Calls `fn` every `ms` milliseconds until the result is called. */
  every(ms: number, fn: () => void): () => void;
}

/** The machine's own clock. Its timers don't keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
  every(ms, fn) {
    const timer = setInterval(fn, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
};

/** Waits `ms` milliseconds of `clock`; ends early, without an error, when `signal` aborts. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal?.addEventListener("abort", done, { once: true });
  });
}
