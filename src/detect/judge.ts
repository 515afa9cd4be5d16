import type { EvidenceEvent, Severity, Target } from "./detection.ts";
import type { Firsts, Known, Remembered } from "./define-detector.ts";
import { strengthOf } from "./confidence.ts";
import type { JudgeContext } from "./judge-context.ts";
import type { BoundCounter, BoundDetector } from "./plan.ts";
import type { Sample } from "./sample.ts";

/** What a detector concluded of one key at the end of one bucket. */
export interface Finding {
  readonly detector: BoundDetector;
  readonly row: number;
  /** The key's text, as its table holds it. */
  readonly name: string;
  readonly key: Readonly<Record<string, string>>;
  /** The bucket of the judged lane, and when it ends (epoch ms). */
  readonly bucket: number;
  readonly end: number;
  readonly counters: Readonly<Record<string, number | null>>;
  readonly severity: Severity;
  /** How many times over its floor it is. */
  readonly strength: number;
  readonly summary: string;
  /** All samples in the window that are this detector's evidence, the earliest first. */
  readonly samples: readonly Sample[];
  readonly targets: readonly Target[];
  readonly clientIpCertain: boolean;
}

export type SucceededBefore = (clientIp: string, time: number) => boolean | undefined;

/** Whom a judgement asks beside the counters. */
export interface Surroundings {
  readonly succeededBefore: SucceededBefore;
  /** `floorsOnly`: the same without what is usual. */
  readonly context: JudgeContext & { floorsOnly(): JudgeContext };
}

/**
 * Judges one key at the end of one bucket: `undefined` when the detector does not fire. Windows of
 * other lanes count in whole buckets that ended by then, so that the answer depends only on events
 * up to that end. Throws what the detector's own functions throw.
 */
export function judge(
  detector: BoundDetector,
  at: { row: number; bucket: number },
  { succeededBefore, context }: Surroundings,
): Finding | undefined {
  const { definition, params } = detector.active;
  const { row, bucket } = at;
  if (detector.lane.mostEvents(row) < detector.floor) return undefined;
  const end = (bucket + 1) * detector.lane.bucketMs;
  const figures = figuresOf(detector, at);
  if (!definition.fires(figures as never, params, context)) return undefined;

  const shown = definition.shows?.(figures as never, params) ?? Object.keys(figures);
  const key = detector.space.keyOf(row);
  const samples = samplesOf(detector, at);
  const firstSeen = samples[0]?.time ?? end - detector.lane.windowMs;
  const evidence = samples.map(({ event }) => event);
  // What is only unusual is for people to look at: nobody is blocked for it.
  const isOwn = !definition.baselines || definition.fires(figures as never, params, context.floorsOnly());
  const target = isOwn ? definition.target({ key, samples: evidence, firstSeen, succeededBefore }) : undefined;
  const named = (target === undefined ? [] : Array.isArray(target) ? target : [target]).map(normalTarget);
  return {
    detector,
    row,
    name: detector.space.names.get(row)!,
    key,
    bucket,
    end,
    counters: Object.fromEntries(shown.map((name) => [name, plain(figures[name]!)])),
    severity: definition.severityOf?.(figures as never, params, context) ?? definition.severity,
    strength: strengthOf(definition, { figures, params, context }),
    summary: definition.summary(figures as never, key, context).slice(0, 500),
    samples,
    ...certainTargets(named, evidence),
  };
}

/** All that a detector counts of one key, as of the end of one bucket. */
export function figuresOf(
  detector: BoundDetector,
  { row, bucket }: { row: number; bucket: number },
): Record<string, Figure> {
  const end = (bucket + 1) * detector.lane.bucketMs;
  let key: Record<string, string> | undefined;
  const figures: Record<string, Figure> = {};
  for (const counter of detector.counters) {
    const { name, space, lane, slot } = counter;
    const lastBucket = lane === detector.lane ? bucket : Math.floor(end / lane.bucketMs) - 1;
    const in_ = space === detector.space ? row : space.find((key ??= detector.space.keyOf(row)));
    figures[name] = in_ === -1 ? emptyFigure(slot.kind) : figureOf(counter, in_, lastBucket);
  }
  return figures;
}

/** What is kept of a detector's evidence of one key in the window that ends with one bucket, the earliest first. */
export function samplesOf(detector: BoundDetector, { row, bucket }: { row: number; bucket: number }): Sample[] {
  return detector.lane
    .samples(row, bucket)
    .filter((sample) => sample.detectors.includes(detector.index))
    .sort((a, b) => a.time - b.time || a.hash - b.hash);
}

export type Figure = number | Known | Firsts | readonly Remembered[];

/** What a counter tells of a row over the window that ends with a bucket of its own lane. */
export function figureOf({ space, lane, slot }: BoundCounter, row: number, bucket: number): Figure {
  if (slot.firsts === undefined) return lane.figure(row, slot, bucket);
  return slot.firsts.figure({ keys: space.table, row }, lane.windowAt(bucket));
}

function emptyFigure(kind: string): Figure {
  if (kind === "firstSeen") return { new: 0, known: 0 };
  if (kind === "distinct" || kind === "quantile") return { known: false, value: 0 };
  return kind === "last" ? [] : 0;
}

function plain(figure: Figure): number | null {
  if (typeof figure === "number") return figure;
  if ("new" in figure) return figure.new;
  if ("known" in figure) return figure.known ? figure.value : null;
  return figure.length;
}

/**
 * Of several clients only those whose address can't be forged are named. When there is none such,
 * all are, and said to be uncertain: the guard refuses them, and tells why.
 */
function certainTargets(
  named: readonly Target[],
  evidence: readonly EvidenceEvent[],
): Pick<Finding, "targets" | "clientIpCertain"> {
  const guessed = new Set(
    evidence.filter((event) => event.clientIpTrust === "guessed").map((event) => event.clientKey),
  );
  const certain = named.filter(({ scope, value }) => (scope !== "ip" && scope !== "range") || !guessed.has(value));
  if (named.length > 0)
    return certain.length > 0
      ? { targets: certain, clientIpCertain: true }
      : { targets: named, clientIpCertain: false };
  return { targets: [], clientIpCertain: evidence.length > 0 && guessed.size === 0 };
}

/** An IPv6 client is counted as its /64, so it is blocked as a range. */
function normalTarget(target: Target): Target {
  return target.scope === "ip" && target.value.includes("/") ? { scope: "range", value: target.value } : target;
}
