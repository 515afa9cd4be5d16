import { failuresUntilDown } from "./delivery-step.ts";
import type { SendResult } from "./notifier.ts";

/** Says that a channel is failing (`text`: how), or works again (`undefined`). */
export type Trouble = (channel: string, text: string | undefined) => void;

/** Counts each channel's failures in a row, and tells once when it goes down and once when it is back. */
export class ChannelHealth {
  readonly #trouble: Trouble;
  readonly #failures = new Map<string, number>();
  /** `undefined`: not known since the start, so that a success also ends what an earlier process reported. */
  readonly #down = new Map<string, boolean>();

  constructor(trouble: Trouble) {
    this.#trouble = trouble;
  }

  isDown(channel: string): boolean {
    return this.#down.get(channel) === true;
  }

  /** Notes what an attempt came to; the result is the number of failures in a row. */
  note(channel: string, result: SendResult): number {
    if (result.kind === "sent") {
      this.#failures.set(channel, 0);
      if (this.#down.get(channel) !== false) this.#trouble(channel, undefined);
      this.#down.set(channel, false);
      return 0;
    }
    const failures = (this.#failures.get(channel) ?? 0) + 1;
    this.#failures.set(channel, failures);
    if (result.kind === "refused" || failures >= failuresUntilDown) this.markDown(channel, result);
    return failures;
  }

  /** Reports it as failing, unless that was said already. */
  markDown(channel: string, result: Exclude<SendResult, { kind: "sent" }>): void {
    if (this.isDown(channel)) return;
    this.#down.set(channel, true);
    this.#trouble(channel, `Channel ${channel} is failing: ${result.reason} (${result.detail})`);
  }

  /** Forgets channels that are no longer configured, and ends what was reported of them. */
  keep(channels: ReadonlySet<string>): void {
    for (const channel of this.#failures.keys()) {
      if (channels.has(channel)) continue;
      if (this.isDown(channel)) this.#trouble(channel, undefined);
      this.#failures.delete(channel);
      this.#down.delete(channel);
    }
  }
}
