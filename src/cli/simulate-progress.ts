import type { SimulatedRecord, SimulationOptions } from "../simulate/simulation.ts";
import type { CliContext } from "./cli-context.ts";
import { barText, wipe } from "./progress-bar.ts";

const everyMs = 250;

/** Shows a person at a terminal how far a simulation is, and at its end how many lines it wrote, and how fast. */
export class SimulationProgress {
  readonly #options: Pick<SimulationOptions, "start" | "durationMs">;
  readonly #context: Pick<CliContext, "clock" | "stderr" | "stderrIsTerminal">;
  readonly #begun: number;
  readonly #cancel: () => void;
  #lines = 0;
  #time: number;

  constructor(
    options: Pick<SimulationOptions, "start" | "durationMs">,
    context: Pick<CliContext, "clock" | "stderr" | "stderrIsTerminal">,
  ) {
    this.#options = options;
    this.#context = context;
    this.#begun = context.clock.monotonic();
    this.#time = options.start;
    this.#cancel = context.stderrIsTerminal ? context.clock.every(everyMs, () => this.#show()) : () => {};
  }

  /** These are written. */
  add(records: readonly SimulatedRecord[]): void {
    this.#lines += records.length;
    this.#time = records.at(-1)?.time ?? this.#time;
  }

  /** The bar makes room for one line that stays. */
  end(): void {
    this.#cancel();
    if (!this.#context.stderrIsTerminal) return;
    const seconds = this.#seconds();
    this.#context.stderr(`${wipe}${speedText(this.#lines, seconds)}, in ${seconds.toFixed(1)} s\n`);
  }

  #show(): void {
    const { start, durationMs } = this.#options;
    const share = (this.#time - start) / durationMs;
    this.#context.stderr(`${wipe}${progressLine({ share, lines: this.#lines, seconds: this.#seconds() })}`);
  }

  #seconds(): number {
    return (this.#context.clock.monotonic() - this.#begun) / 1000;
  }
}

/** `[##########....................]  35 %  1,234,567 lines, 312,000 a second` */
export function progressLine({ share, lines, seconds }: { share: number; lines: number; seconds: number }): string {
  const percent = `${Math.floor(share * 100)}`.padStart(3);
  return `${barText(share)} ${percent} %  ${speedText(lines, seconds)}`;
}

// helpers

function speedText(lines: number, seconds: number): string {
  const rate = seconds > 0 ? Math.round(lines / seconds) : 0;
  return `${lines.toLocaleString("en")} lines, ${rate.toLocaleString("en")} a second`;
}
