import type { CliContext } from "./cli-context.ts";

/** Takes away what was shown on the line. */
export const wipe = "\r\u001b[K";
const width = 30;

/** Shows a person at a terminal how much of a known amount is done, and how long the rest may take. */
export class ProgressBar {
  readonly #total: number;
  readonly #context: Pick<CliContext, "clock" | "stderr" | "stderrIsTerminal">;
  readonly #unit: string;
  readonly #start: number;

  /** `unit`: of what the amounts are, such as ` MB`. */
  constructor(total: number, context: Pick<CliContext, "clock" | "stderr" | "stderrIsTerminal">, unit = "") {
    this.#total = total;
    this.#unit = unit;
    this.#context = context;
    this.#start = context.clock.monotonic();
    this.show(0);
  }

  show(done: number): void {
    const { stderr, stderrIsTerminal, clock } = this.#context;
    if (!stderrIsTerminal) return;
    const bar = barText(done / Math.max(1, this.#total));
    const passed = clock.monotonic() - this.#start;
    const left = done === 0 ? "" : `, about ${timeText((passed / done) * (this.#total - done))} left`;
    stderr(`${wipe}${bar} ${done} of ${this.#total}${this.#unit}${left}`);
  }

  /** Wipes it away: the result follows. */
  end(): void {
    if (this.#context.stderrIsTerminal) this.#context.stderr(wipe);
  }
}

/** `[######........................]`; `share`: from 0 to 1. */
export function barText(share: number): string {
  const filled = Math.min(width, Math.floor(width * share));
  return `[${"#".repeat(filled)}${".".repeat(width - filled)}]`;
}

// helpers

function timeText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
