import { isFinished } from "./delivery.ts";
import type { Delivery } from "./notifier.ts";

/**
 * The newest deliveries in memory, in the order they were made. Bounded: beyond `limit` the oldest
 * finished ones are forgotten (the store still has them).
 */
export class DeliveryBook {
  readonly #limit: number;
  readonly #byId = new Map<string, Delivery>();
  readonly #byIncident = new Map<string, Set<string>>();
  readonly #unfinished = new Set<string>();
  #isComplete = true;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** False once the store has deliveries that are not here. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Says that older ones were left in the store. */
  markIncomplete(): void {
    this.#isComplete = false;
  }

  get(id: string): Delivery | undefined {
    return this.#byId.get(id);
  }

  /** Adds it, or takes it in place of an older version of itself. */
  put(delivery: Delivery): void {
    const known = this.#byId.get(delivery.id);
    if (known && known.version >= delivery.version) return;
    this.#byId.set(delivery.id, delivery);
    if (isFinished(delivery)) this.#unfinished.delete(delivery.id);
    else this.#unfinished.add(delivery.id);
    if (known) return;
    const ids = this.#byIncident.get(delivery.incident) ?? new Set<string>();
    this.#byIncident.set(delivery.incident, ids.add(delivery.id));
    if (this.#byId.size > this.#limit) this.#forgetOldest();
  }

  remove(id: string): void {
    const delivery = this.#byId.get(id);
    if (!delivery) return;
    this.#byId.delete(id);
    this.#unfinished.delete(id);
    const ids = this.#byIncident.get(delivery.incident);
    ids?.delete(id);
    if (ids?.size === 0) this.#byIncident.delete(delivery.incident);
  }

  ofIncident(incident: string): readonly Delivery[] {
    return this.#list(this.#byIncident.get(incident) ?? []);
  }

  /** Those that are pending or being sent, in the order they were made. */
  unfinished(): readonly Delivery[] {
    return this.#list(this.#unfinished);
  }

  get unfinishedCount(): number {
    return this.#unfinished.size;
  }

  /** Those of a team made at `since` or later. */
  ofTeam(team: string, since: number): readonly Delivery[] {
    return [...this.#byId.values()].filter((d) => d.team === team && d.createdAt >= since);
  }

  all(): readonly Delivery[] {
    return [...this.#byId.values()];
  }

  #list(ids: Iterable<string>): readonly Delivery[] {
    return [...ids].map((id) => this.#byId.get(id)).filter((d) => d !== undefined);
  }

  #forgetOldest(): void {
    for (const delivery of this.#byId.values()) {
      if (!isFinished(delivery)) continue;
      this.#isComplete = false;
      this.remove(delivery.id);
      return;
    }
  }
}
