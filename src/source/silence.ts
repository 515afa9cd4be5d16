import type { Clock } from "../clock.ts";

/** How often silences are looked for; an incident opens at most so much late. */
const checkEveryMs = 1_000;

export interface SilenceWatchOptions {
  readonly clock: Clock;
  /** Each source, and after how many milliseconds without anything it is silent; `never`: it isn't watched. */
  readonly sources: readonly { readonly name: string; readonly silentAfter: number | "never" }[];
  /** Called when a source falls silent, with how long nothing came; with `undefined` when it is back or has ended. */
  readonly onChange: (source: string, silentForMs: number | undefined) => void;
}

/** Notices sources from which nothing arrives. One that never sent anything counts from the start. */
export class SilenceWatch {
  readonly #clock: Clock;
  readonly #onChange: SilenceWatchOptions["onChange"];
  readonly #watched = new Map<string, { readonly silentAfter: number; last: number; silent: boolean }>();
  #cancel: (() => void) | undefined;

  constructor(options: SilenceWatchOptions) {
    this.#clock = options.clock;
    this.#onChange = options.onChange;
    const now = this.#clock.monotonic();
    for (const { name, silentAfter } of options.sources) {
      if (silentAfter !== "never") this.#watched.set(name, { silentAfter, last: now, silent: false });
    }
  }

  /** Begins to watch; sources that were silent until now count from here. */
  start(): void {
    for (const source of this.#watched.values()) source.last = this.#clock.monotonic();
    this.#cancel = this.#clock.every(checkEveryMs, () => this.#check());
  }

  /** Something came from `source`. */
  arrived(source: string): void {
    const watched = this.#watched.get(source);
    if (!watched) return;
    watched.last = this.#clock.monotonic();
    this.#back(source, watched);
  }

  /** `source` has ended for good: a file read once, standard input closed. It is not silent. */
  ended(source: string): void {
    const watched = this.#watched.get(source);
    if (!watched) return;
    this.#watched.delete(source);
    this.#back(source, watched);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #check(): void {
    const now = this.#clock.monotonic();
    for (const [source, watched] of this.#watched) {
      const silentFor = now - watched.last;
      if (watched.silent || silentFor < watched.silentAfter) continue;
      watched.silent = true;
      this.#onChange(source, silentFor);
    }
  }

  #back(source: string, watched: { silent: boolean }): void {
    if (!watched.silent) return;
    watched.silent = false;
    this.#onChange(source, undefined);
  }
}
