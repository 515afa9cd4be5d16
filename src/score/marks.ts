import type { LogKind } from "./log-kind.ts";
import type { KindScore } from "./scorecard.ts";

/** A figure that has to be reached, as it is said to people. */
export interface MissedMark {
  readonly kind: LogKind;
  readonly mark: string;
  readonly figure: string;
}

interface Mark {
  readonly text: string;
  /** Whether it holds on logs that tell less, too. */
  readonly everywhere: boolean;
  readonly of: (score: KindScore) => number | null;
  readonly holds: (figure: number) => boolean;
}

/** What every release has to reach; where the log tells less, blocks are to be right all the same. */
const marks: readonly Mark[] = [
  mark("blocks: precision at least 0.99", "everywhere", { of: ({ blocks }) => blocks.precision, atLeast: 0.99 }),
  mark("recall at ten times the floor at least 0.99", "enriched", { of: ({ recall }) => recall["10"], atLeast: 0.99 }),
  mark("recall at three times the floor at least 0.95", "enriched", { of: ({ recall }) => recall["3"], atLeast: 0.95 }),
  mark("silence at 0.8 times the floor", "everywhere", { of: ({ recall }) => recall["0.8"], atMost: 0 }),
  mark("a payment storm found within 15 s", "enriched", { of: ({ stormSeconds }) => stormSeconds, atMost: 15 }),
  mark("1.0 to 1.5 alerts for each attack", "enriched", {
    of: ({ alertsPerAttack }) => alertsPerAttack,
    ...{ atLeast: 1, atMost: 1.5 },
  }),
];

/** The marks that were missed. What could not be measured misses none. */
export function missedMarks(scores: ReadonlyMap<LogKind, KindScore>): MissedMark[] {
  return [...scores].flatMap(([kind, score]) =>
    marks
      .filter(({ everywhere }) => everywhere || kind === "enriched")
      .flatMap(({ text, of, holds }) => {
        const figure = of(score);
        return figure === null || holds(figure) ? [] : [{ kind, mark: text, figure: figure.toFixed(3) }];
      }),
  );
}

// helpers

function mark(
  text: string,
  where: "everywhere" | "enriched",
  { of, atLeast = -Infinity, atMost = Infinity }: { of: Mark["of"]; atLeast?: number; atMost?: number },
): Mark {
  return { text, everywhere: where === "everywhere", of, holds: (figure) => figure >= atLeast && figure <= atMost };
}
