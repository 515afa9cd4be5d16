import { type Clock, sleep } from "../clock.ts";
import { GatewatchError } from "../errors.ts";
import type { Log } from "../log.ts";
import { errorText, kafkaTrouble } from "../source/kafka-client.ts";

const retryMs = 2_000;

export interface WhenReachedOptions {
  readonly log: Log;
  readonly clock: Clock;
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks brokers something at a start, and again for as long as they are away; `undefined` once the waiting
 * was ended. Rejects with what a person has to mend (`GatewatchError`).
 */
export async function whenReached<T>(
  { log, clock, signal }: WhenReachedOptions,
  ask: () => Promise<T>,
): Promise<T | undefined> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof GatewatchError) throw error;
      const reason = kafkaTrouble(error);
      log.warn({ reason, error: errorText(error), retryInMs: retryMs }, "the cluster's brokers do not answer");
      await sleep(clock, retryMs, signal);
      if (signal?.aborted) return undefined;
    }
  }
}
