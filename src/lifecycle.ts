import type { Log } from "./log.ts";

/**
 * What was started, to be stopped in reverse. A part that fails to stop doesn't keep the others
 * from stopping; a failed start stops what had been started.
 */
export class Lifecycle {
  readonly #log: Log;
  readonly #stops: { name: string; stop: () => Promise<void> | void }[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  /** Remembers how to undo what was just started. */
  onStop(name: string, stop: () => Promise<void> | void): void {
    this.#stops.push({ name, stop });
  }

  /** Stops everything, the newest first; returns what failed. Safe to call twice. */
  async stop(): Promise<{ name: string; error: unknown }[]> {
    const failed: { name: string; error: unknown }[] = [];
    for (let next = this.#stops.pop(); next !== undefined; next = this.#stops.pop()) {
      try {
        await next.stop();
      } catch (error) {
        failed.push({ name: next.name, error });
        this.#log.error({ part: next.name, err: error }, "a part did not stop cleanly");
      }
    }
    return failed;
  }
}
