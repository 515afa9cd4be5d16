import type { Detection, Target } from "./detection.ts";
import { type Customers, personOf } from "./customers.ts";
import { suggestThresholds, type ThresholdSuggestion } from "./suggest-threshold.ts";
import type { ThresholdReport } from "./threshold-sketch.ts";
import type { DetectorThresholds } from "./threshold-watcher.ts";

/** How many of some keys or targets there were, and what speaks for their being customers. */
export interface CustomerCounts {
  readonly all: number;
  /** Had bought before. */
  readonly bought: number;
  /** Had signed in before, and not bought. */
  readonly signedIn: number;
}

/** What a decision on trial came to. */
export interface TriedBlock {
  readonly target: Target;
  /** When the first event of what it is for was, epoch ms: customers are those from before. */
  readonly since: number;
  /** `blocked`: it would have stood; `asked`: a person would have had to say yes; `refused`: the guard says no; `withdrawn`: it would have been taken back within seconds. */
  readonly result: "blocked" | "asked" | "refused" | "withdrawn";
  /** Rules of the guard that said no or asked. */
  readonly refusedBy: readonly string[];
  readonly hit: TrialHits;
}

/** What came while blocks would have held. */
export interface TrialHits {
  readonly requests: number;
  /** Of those, the ones that succeeded: customers, perhaps. */
  readonly succeeded: number;
  /** Of these, sign-ins, and steps of a purchase. */
  readonly signedIn: number;
  readonly bought: number;
}

/** What a detector found, whom it would have blocked, and what other thresholds would have found. JSON. */
export interface TrialReport {
  readonly detector: string;
  readonly title: string;
  readonly detections: number;
  /** Whom they were about, where the key names one person or client. */
  readonly people: CustomerCounts;
  readonly blocks: {
    /** Would have stood. */
    readonly blocked: CustomerCounts;
    readonly asked: CustomerCounts;
    readonly refused: CustomerCounts;
    readonly withdrawn: CustomerCounts;
    /** How many the guard refused, by its rule; one may be refused by several. */
    readonly refusedBy: Readonly<Record<string, number>>;
    /** What blocks that stood would have refused. */
    readonly hit: TrialHits;
  };
  readonly thresholds: readonly ThresholdReport[];
  /** Keys that came near a threshold and were not followed for want of room. */
  readonly leftOut: number;
  readonly suggestions: readonly ThresholdSuggestion[];
}

/** Puts together what is told of one detector on trial. `spanMs`: how long was looked at. */
export function trialReport(of: {
  readonly detector: { readonly id: string; readonly title: string };
  readonly detections: readonly Pick<Detection, "key" | "firstSeen">[];
  readonly blocks: readonly TriedBlock[];
  readonly customers: Pick<Customers, "of">;
  readonly thresholds: DetectorThresholds | undefined;
  readonly spanMs: number;
}): TrialReport {
  const { detector, detections, blocks, customers, thresholds, spanMs } = of;
  const people = detections.flatMap(({ key, firstSeen }) => {
    const target = personOf(key);
    return target ? [{ target, since: firstSeen }] : [];
  });
  const having = (result: TriedBlock["result"]) => blocks.filter((block) => block.result === result);
  const blocked = having("blocked");
  const refusedBy: Record<string, number> = {};
  for (const rule of blocks.flatMap((block) => block.refusedBy)) refusedBy[rule] = (refusedBy[rule] ?? 0) + 1;
  const parameters = thresholds?.parameters ?? [];
  return {
    detector: detector.id,
    title: detector.title,
    detections: detections.length,
    people: countCustomers(people, customers),
    blocks: {
      blocked: countCustomers(blocked, customers),
      asked: countCustomers(having("asked"), customers),
      refused: countCustomers(having("refused"), customers),
      withdrawn: countCustomers(having("withdrawn"), customers),
      refusedBy,
      hit: hitsOf(blocked),
    },
    thresholds: parameters,
    leftOut: thresholds?.leftOut ?? 0,
    suggestions: suggestThresholds(parameters, spanMs),
  };
}

/** Each target counts once, as of when it was first seen. */
export function countCustomers(
  targets: readonly { readonly target: Target; readonly since: number }[],
  customers: Pick<Customers, "of">,
): CustomerCounts {
  const first = new Map<string, { readonly target: Target; readonly since: number }>();
  for (const one of targets) {
    const name = nameOf(one.target);
    if (one.since < (first.get(name)?.since ?? Infinity)) first.set(name, one);
  }
  const standings = [...first.values()].map(({ target, since }) => customers.of(target, since));
  return {
    all: first.size,
    bought: standings.filter((standing) => standing === "bought").length,
    signedIn: standings.filter((standing) => standing === "signedIn").length,
  };
}

// helpers

function hitsOf(blocks: readonly TriedBlock[]): TrialHits {
  const sum = (figure: keyof TrialHits) => blocks.reduce((total, { hit }) => total + hit[figure], 0);
  return { requests: sum("requests"), succeeded: sum("succeeded"), signedIn: sum("signedIn"), bought: sum("bought") };
}

function nameOf({ scope, value }: Target): string {
  return `${scope} ${value}`;
}
