import type { Sink } from "./sink.ts";
import type { SimulatedRecord } from "./simulation.ts";

/** So many lines wait at most, and a request has at most a batch more: some megabytes. */
const mostWaiting = 4_096;

/**
 * Sends one request at a time, in order. What comes while one is under way goes into the next: a few
 * lines leave at once, and many leave together. After the first failure nothing is sent any more.
 */
export class GatheringSink implements Sink {
  readonly #send: (records: readonly SimulatedRecord[]) => Promise<void>;
  readonly #disconnect: () => Promise<void>;
  #waiting: SimulatedRecord[] = [];
  #sending: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** `send` rejects with a `GatewatchError`. */
  constructor(parts: {
    send: (records: readonly SimulatedRecord[]) => Promise<void>;
    disconnect: () => Promise<void>;
  }) {
    this.#send = parts.send;
    this.#disconnect = parts.disconnect;
  }

  async write(records: readonly SimulatedRecord[]): Promise<void> {
    this.#check();
    this.#waiting.push(...records);
    if (this.#sending === undefined) this.#begin();
    while (this.#waiting.length >= mostWaiting && this.#sending !== undefined) await this.#sending;
    this.#check();
  }

  async close(): Promise<void> {
    while (this.#sending !== undefined) await this.#sending;
    await this.#disconnect();
    this.#check();
  }

  #begin(): void {
    const records = this.#waiting;
    this.#waiting = [];
    this.#sending = this.#send(records).then(
      () => {
        this.#sending = undefined;
        if (this.#waiting.length > 0) this.#begin();
      },
      (error: unknown) => {
        this.#sending = undefined;
        this.#failure = { error };
      },
    );
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
