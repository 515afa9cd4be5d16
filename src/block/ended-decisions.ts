import type { Clock } from "../clock.ts";
import type { Decision } from "./decision.ts";
import { targetKey } from "./target.ts";

/** A decision that holds no longer, and when the ledger heard of it. */
export interface EndedDecision {
  readonly decision: Decision;
  readonly revision: number;
  readonly endedAt: number;
}

/** So long a decision counts for a repeat, and gateways are told that it has ended. */
export const rememberedMs = 24 * 3_600_000;

/** About 100 MiB at worst; the oldest go first. */
const maxRemembered = 100_000;

/** The decisions that ended within the past day, and those the guard refused. */
export class EndedDecisions {
  readonly #clock: Clock;
  readonly #max: number;
  /** In the order they ended. */
  readonly #byUuid = new Map<string, EndedDecision>();
  readonly #byNumber = new Map<number, EndedDecision>();
  readonly #byTarget = new Map<string, Map<string, EndedDecision>>();

  constructor(options: { clock: Clock; max?: number }) {
    this.#clock = options.clock;
    this.#max = options.max ?? maxRemembered;
  }

  add(ended: EndedDecision): void {
    this.delete(ended.decision.uuid);
    this.#byUuid.set(ended.decision.uuid, ended);
    this.#byNumber.set(ended.decision.id, ended);
    const key = targetKey(ended.decision);
    const onTarget = this.#byTarget.get(key) ?? new Map<string, EndedDecision>();
    this.#byTarget.set(key, onTarget.set(ended.decision.uuid, ended));
    this.#prune();
  }

  delete(uuid: string): void {
    const ended = this.#byUuid.get(uuid);
    if (!ended) return;
    this.#byUuid.delete(uuid);
    this.#byNumber.delete(ended.decision.id);
    const key = targetKey(ended.decision);
    const onTarget = this.#byTarget.get(key);
    onTarget?.delete(uuid);
    if (onTarget?.size === 0) this.#byTarget.delete(key);
  }

  get(uuid: string): EndedDecision | undefined {
    return this.#byUuid.get(uuid);
  }

  byId(id: number): EndedDecision | undefined {
    return this.#byNumber.get(id);
  }

  /** Those on the target with this key, in no order. */
  onTarget(key: string): Decision[] {
    return [...(this.#byTarget.get(key)?.values() ?? [])].map((ended) => ended.decision);
  }

  /** All, the first to end first. */
  all(): Iterable<EndedDecision> {
    return this.#byUuid.values();
  }

  #prune(): void {
    const oldest = this.#clock.now() - rememberedMs;
    for (const [uuid, ended] of this.#byUuid) {
      if (this.#byUuid.size <= this.#max && ended.endedAt >= oldest) return;
      this.delete(uuid);
    }
  }
}
