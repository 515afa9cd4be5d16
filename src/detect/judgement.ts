import type { JudgeContext } from "./judge-context.ts";
import type { Figure } from "./judge.ts";
import type { BoundDetector } from "./plan.ts";

/** How a detector judged one key at the end of one bucket whose events were complete, whether it fired or not. */
export interface Judgement {
  readonly detector: BoundDetector;
  /** The key's text, as its table holds it. */
  readonly name: string;
  /** When the bucket ended, epoch ms. */
  readonly end: number;
  readonly figures: Readonly<Record<string, Figure>>;
  readonly context: JudgeContext;
  readonly key: () => Readonly<Record<string, string>>;
  /** Event time of the earliest evidence that is kept, epoch ms. */
  readonly firstSeen: () => number;
}

/** Is told of judgements as they are made. One that is not there costs nothing. */
export interface JudgementWatcher {
  /** The fewest counted events of a key from which it wants to be told; `undefined`: nothing of this detector. */
  floorOf(detector: BoundDetector): number | undefined;
  /** Not called while another detector holds this one back. Must not throw. */
  judged(judgement: Judgement): void;
}
