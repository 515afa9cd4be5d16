import { existsSync, rmSync, writeFileSync } from "node:fs";
import type { Clock } from "../clock.ts";

/** How often the file is looked for; gateways are emptied within a second of its appearance. */
const pollMs = 200;

/**
 * `stop-blocking`: while the file exists, nobody is blocked. It needs neither Kafka nor a store, and
 * looks synchronously, since slow queries can fill the pool that asynchronous file access waits for.
 */
export class StopSwitch {
  readonly #file: string;
  readonly #clock: Clock;
  readonly #onChange: (stopped: boolean) => void;
  #stopped = false;
  #cancel: (() => void) | undefined;

  /** `onChange` is called once at the start if blocking is stopped, and on every change. */
  constructor(options: { file: string; clock: Clock; onChange: (stopped: boolean) => void }) {
    this.#file = options.file;
    this.#clock = options.clock;
    this.#onChange = options.onChange;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Looks once, and from now on five times a second. */
  start(): void {
    this.#look();
    this.#cancel ??= this.#clock.every(pollMs, () => this.#look());
  }

  /** Lets everyone in, at once and after a restart too. */
  stopBlocking(by: string): void {
    const text = `Blocking was stopped by ${by} at ${new Date(this.#clock.now()).toISOString()}.\n`;
    writeFileSync(this.#file, `${text}Remove this file to take it up again.\n`);
    this.#look();
  }

  /** Takes blocking up again. */
  resumeBlocking(): void {
    rmSync(this.#file, { force: true });
    this.#look();
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #look(): void {
    const stopped = existsSync(this.#file);
    if (stopped === this.#stopped) return;
    this.#stopped = stopped;
    this.#onChange(stopped);
  }
}
