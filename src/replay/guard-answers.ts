import type { JudgedTarget } from "../block/decision-maker.ts";
import type { Detection, Target } from "../detect/detection.ts";

/** What the guard said at best of one target of one detection. */
export interface GuardAnswer {
  readonly target: Target;
  readonly state: JudgedTarget["state"];
  /** Rules that said no, or wanted to ask a person; empty when it may be blocked. */
  readonly refusedBy: readonly string[];
}

/** Answers kept, over all detections; one of a wave of clients may have 256 targets. */
const maxAnswers = 500_000;

const rank = { refused: 0, asked: 1, active: 2 } as const satisfies Record<GuardAnswer["state"], number>;

/** What the guard said of each detection's targets, whether or not another detection's block already stood. */
export class GuardAnswers {
  /** Answers beyond the bound. */
  more = 0;
  readonly #answers = new Map<string, Map<string, GuardAnswer>>();
  #size = 0;

  note({ detection, target, state, verdicts }: JudgedTarget): void {
    const known = this.#answers.get(detection.id) ?? new Map<string, GuardAnswer>();
    this.#answers.set(detection.id, known);
    const name = `${target.scope} ${target.value}`;
    const before = known.get(name);
    if (before !== undefined && rank[before.state] > rank[state]) return;
    if (before === undefined && this.#size >= maxAnswers) {
      this.more++;
      return;
    }
    if (before === undefined) this.#size++;
    const objecting = state === "active" ? [] : verdicts.filter(({ says }) => says === "no" || says === "ask");
    known.set(name, { target, state, refusedBy: objecting.map(({ rule }) => rule) });
  }

  /** The answers to a detection, and to the one on change that it took the place of. */
  of({ id, supersedes }: Pick<Detection, "id" | "supersedes">): GuardAnswer[] {
    const best = new Map<string, GuardAnswer>();
    for (const one of [supersedes, id]) {
      for (const [name, answer] of (one === undefined ? undefined : this.#answers.get(one)) ?? []) {
        const before = best.get(name);
        if (before === undefined || rank[answer.state] >= rank[before.state]) best.set(name, answer);
      }
    }
    return [...best.values()];
  }
}
