import type { Decision } from "../block/decision.ts";
import { TargetIndex } from "../block/target-index.ts";
import type { AccessEvent } from "../normalize/access-event.ts";

/** The decisions that stand at a time, to tell who would be refused. */
export class StandingBlocks {
  readonly #index = new TargetIndex();
  readonly #held = new Map<string, Decision>();

  /** Takes the newest version of a decision. */
  put(decision: Decision): void {
    const held = this.#held.get(decision.uuid);
    if (held) this.#index.remove(held);
    this.#held.delete(decision.uuid);
    if (decision.state !== "active") return;
    this.#held.set(decision.uuid, decision);
    this.#index.add(decision);
  }

  /** Whether whoever made this event would be refused, slowed down or challenged at `now`. */
  hits(event: AccessEvent, now: number): boolean {
    if (this.#held.size === 0) return false;
    for (const { until } of this.#index.onEvent(event.clientKey, event)) if (until > now) return true;
    return false;
  }
}
