import { type Clock, sleep } from "./clock.ts";
import type { Detection } from "./detect/detection.ts";

/** How soon it is tried again to make detections durable. */
const retryMs = 1_000;

/**
 * Hands detections on until they are taken. What was counted can't be counted again, so a disk that is full makes
 * everything wait here rather than lose one. Rejects with what was wrong once `stopping`.
 */
export async function untilTaken(
  detections: readonly Detection[],
  to: {
    readonly clock: Clock;
    readonly respond: (detections: readonly Detection[]) => Promise<void>;
    readonly onStuck: (error: unknown) => void;
  },
  stopping: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      return await to.respond(detections);
    } catch (error) {
      to.onStuck(error);
      if (stopping.aborted) throw error;
      await sleep(to.clock, retryMs, stopping);
    }
  }
}
