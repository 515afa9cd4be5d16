import type { Clock } from "../clock.ts";
import type { Incident } from "../incident/incident.ts";
import type { IncidentService } from "./api-services.ts";

const shown = 10;
const readEveryMs = 60_000;

/**
 * The incidents that were resolved last. They may have to come from the store, which may be slow or
 * away: nobody waits for them. They are read again when a live incident came or went, and every
 * minute; until then, and when that fails, the last reading is good enough.
 */
export class LatelyResolved {
  readonly #incidents: Pick<IncidentService, "list">;
  readonly #clock: Clock;
  readonly #failed: () => void;
  #items: readonly Incident[] = [];
  #readAt = 0;
  #liveIds: string | undefined;
  #reading = false;

  /** `failed` is called for each reading that did not work. */
  constructor(options: { incidents: Pick<IncidentService, "list">; clock: Clock; failed: () => void }) {
    this.#incidents = options.incidents;
    this.#clock = options.clock;
    this.#failed = options.failed;
  }

  /** What is known of them beside those that are live; looks for news in the background. */
  beside(live: readonly Incident[]): readonly Incident[] {
    const ids = new Set(live.map(({ id }) => id));
    this.#refresh([...ids].join());
    return this.#items.filter(({ id }) => !ids.has(id));
  }

  #refresh(liveIds: string): void {
    const now = this.#clock.monotonic();
    if (this.#reading || (liveIds === this.#liveIds && now - this.#readAt < readEveryMs)) return;
    this.#reading = true;
    this.#liveIds = liveIds;
    this.#readAt = now;
    this.#incidents
      .list({ state: "resolved", before: undefined, limit: shown })
      .then((items) => (this.#items = items))
      .catch(() => this.#failed())
      .finally(() => (this.#reading = false));
  }
}
