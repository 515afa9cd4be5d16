import type { CliContext } from "./cli-context.ts";

const wipe = "\r\u001b[K";
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
    const filled = Math.floor((width * done) / Math.max(1, this.#total));
    const bar = "#".repeat(filled) + ".".repeat(width - filled);
    const passed = clock.monotonic() - this.#start;
    const left = done === 0 ? "" : `, about ${timeText((passed / done) * (this.#total - done))} left`;
    stderr(`${wipe}[${bar}] ${done} of ${this.#total}${this.#unit}${left}`);
  }

  /** Wipes it away: the result follows. */
  end(): void {
    if (this.#context.stderrIsTerminal) this.#context.stderr(wipe);
  }
}

// helpers

function timeText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
