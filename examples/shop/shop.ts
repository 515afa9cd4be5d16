import { existsSync, statSync } from "node:fs";
import { attacks, cycleMs } from "./attacks.ts";
import { Gateway } from "./gateway.ts";
import { nextStep, people, random } from "./people.ts";

/** Quiet traffic from before the start, so that there is something to compare with. */
const historyMs = 75 * 60_000;
const requestsPerSecond = 10;

/**
 * The example shop's traffic: people all the time, attacks from the moment it opens. `open` writes
 * the quiet history; `run` goes on until the signal aborts.
 */
export class Shop {
  readonly #gateway: Gateway;
  readonly #customers = people(400);
  readonly #log: string;

  constructor(options: { log: string; check: string }) {
    this.#log = options.log;
    this.#gateway = new Gateway(options);
  }

  /** Writes what happened between the last line written, or an hour and a quarter ago, and now. */
  open(): void {
    const now = Date.now();
    const lastWritten = existsSync(this.#log) ? statSync(this.#log).mtimeMs : 0;
    const rnd = random(Math.floor(now / 1000));
    const lines = [];
    for (let time = Math.max(now - historyMs, lastWritten + 1000); time < now; time += 1000 / requestsPerSecond) {
      const person = this.#customers[Math.floor(rnd() * this.#customers.length)]!;
      lines.push({ request: nextStep(person, rnd), time: Math.floor(time) });
    }
    this.#gateway.write(lines);
  }

  async run(signal: AbortSignal): Promise<void> {
    const start = Date.now();
    const rnd = random(start);
    const firstCycle = Math.floor(start / cycleMs);
    let cycle = 0;
    let steps = attacks(firstCycle, this.#customers);
    while (!signal.aborted) {
      const person = this.#customers[Math.floor(rnd() * this.#customers.length)]!;
      await this.#gateway.serve(nextStep(person, rnd));
      const elapsed = Date.now() - start - cycle * cycleMs;
      while (steps.length > 0 && steps[0]!.at <= elapsed) await this.#gateway.serve(steps.shift()!.request);
      if (elapsed > cycleMs) steps = attacks(firstCycle + ++cycle, this.#customers);
      await new Promise((resolve) => setTimeout(resolve, 1000 / requestsPerSecond));
    }
  }
}
