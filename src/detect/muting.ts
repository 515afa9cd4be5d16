import type { Clock } from "../clock.ts";

/** So many errors within a minute mute a detector. */
const errorsToMute = 20;
const perMs = 60_000;

/** Counts what detectors throw. One that keeps throwing is muted, until it is loaded anew. */
export class Muting {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #onMuted: (detector: string, error: string) => void;
  readonly #errors = new Map<string, { since: number; recent: number; total: number; last: string }>();
  readonly #muted = new Set<string>();

  constructor(options: { clock: Pick<Clock, "monotonic">; onMuted: (detector: string, error: string) => void }) {
    this.#clock = options.clock;
    this.#onMuted = options.onMuted;
  }

  isMuted(detector: string): boolean {
    return this.#muted.has(detector);
  }

  threw(detector: string, error: unknown): void {
    const now = this.#clock.monotonic();
    const known = this.#errors.get(detector) ?? { since: now, recent: 0, total: 0, last: "" };
    this.#errors.set(detector, known);
    if (now - known.since > perMs) {
      known.since = now;
      known.recent = 0;
    }
    known.recent++;
    known.total++;
    known.last = String(error).slice(0, 300);
    if (known.recent < errorsToMute || this.#muted.has(detector)) return;
    this.#muted.add(detector);
    this.#onMuted(detector, known.last);
  }

  errors(detector: string): { total: number; last: string | undefined } {
    const known = this.#errors.get(detector);
    return { total: known?.total ?? 0, last: known?.last };
  }
}
