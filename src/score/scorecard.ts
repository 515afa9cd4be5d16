import { intensities, type Intensity } from "../simulate/label.ts";
import type { Share } from "./benign-counts.ts";
import type { ByDetector, PairScore, RunScore } from "./run-score.ts";

/** Half of them are at most `p50`, all but a twentieth at most `p95`; `null` when there was none. */
export interface Quantiles {
  readonly p50: number | null;
  readonly p95: number | null;
}

/** How well it is judged, over all detectors or by one. Shares are 0 to 1; `null`: nothing to measure. */
export interface Score {
  readonly blocks: { readonly precision: number | null; readonly right: number; readonly wrong: number };
  /** Share of detections that name whom they should. */
  readonly precision: number | null;
  readonly detections: { readonly right: number; readonly wrong: number; readonly beside: number };
  /** By intensity, the share found of those who should be named; at 0.8 all should be silent. */
  readonly recall: Readonly<Record<`${Intensity}`, number | null>>;
  /** Incidents that told of an attack, on average over the attacks that were found. */
  readonly alertsPerAttack: number | null;
  readonly wrongBlocksPerMillionClientDays: number | null;
  /** From the event that crossed the floor to the first detection, from 1.2 times the floor on. */
  readonly delaySeconds: Quantiles;
  /** The attack's own events in between. */
  readonly delayEvents: Quantiles;
}

/** The score of one kind of log. */
export interface KindScore extends Score {
  /** From the start of a payment outage of ten times the floor to the storm's detection: all but a twentieth of them. */
  readonly stormSeconds: number | null;
  /** Shares of what everybody but the attackers did that a block would have been in the way of. */
  readonly refused: {
    readonly requests: number | null;
    readonly logins: number | null;
    readonly checkouts: number | null;
  };
  /** What an attack had done when it was blocked; of those that were. */
  readonly harm: {
    readonly events: Quantiles;
    readonly failures: Quantiles;
    readonly cards: Quantiles;
    readonly objects: Quantiles;
    readonly blockedAttacks: number;
    readonly attacks: number;
  };
  readonly clientDays: number;
  readonly detectors: Readonly<Record<string, DetectorScore>>;
}

export interface DetectorScore extends Score {
  /** `blind`: in no run could it see what it needs; `idle`: nothing came that it looks at. */
  readonly sees: "all" | "blind" | "idle";
  /** The fields that it lacked. */
  readonly missing: readonly string[];
}

/** The outage and its detector: the time counts from the start. */
const storm = "payment-storm";

/** Adds up the runs of one kind of log. `detectors`: ids of all that were judged. */
export function scoreOf(runs: readonly RunScore[], detectors: readonly string[]): KindScore {
  const pairs = runs.flatMap((run) => run.pairs);
  const clientDays = sum(runs.map((run) => run.clientDays));
  const loud = runs.flatMap(({ attacks }) => attacks).filter(({ intensity }) => intensity > 1);
  const harms = loud.flatMap(({ harm }) => harm ?? []);
  const storms = pairs.filter(
    ({ attack, detector, intensity }) => attack === storm && detector === storm && intensity === 10,
  );
  return {
    ...score({
      pairs,
      ...{ right: total(runs, "right"), wrong: sum(runs.map(({ wrong }) => wrong.length)) },
      ...{ beside: total(runs, "beside"), rightBlocks: total(runs, "rightBlocks") },
      wrongBlocks: sum(runs.map(({ wrongBlocks }) => wrongBlocks.length)),
      ...{ clientDays, alerts: loud.filter(({ isFound }) => isFound).map(({ alerts }) => alerts) },
    }),
    stormSeconds: quantile(
      storms.flatMap(({ sinceStartMs }) => seconds(sinceStartMs)),
      0.95,
    ),
    refused: {
      requests: hitShare(runs.map(({ requests }) => requests)),
      logins: hitShare(runs.map(({ logins }) => logins)),
      checkouts: hitShare(runs.map(({ checkouts }) => checkouts)),
    },
    harm: {
      events: quantiles(harms.map(({ events }) => events)),
      failures: quantiles(harms.map(({ failures }) => failures)),
      cards: quantiles(harms.map(({ cards }) => cards)),
      objects: quantiles(harms.map(({ objects }) => objects)),
      ...{ blockedAttacks: harms.length, attacks: loud.length },
    },
    clientDays,
    detectors: Object.fromEntries(detectors.map((id) => [id, detectorScore(id, runs, { pairs, clientDays })])),
  };
}

// helpers

interface Sums {
  readonly pairs: readonly PairScore[];
  readonly right: number;
  readonly wrong: number;
  readonly beside: number;
  readonly rightBlocks: number;
  readonly wrongBlocks: number;
  readonly clientDays: number;
  /** Of each attack that was found. */
  readonly alerts: readonly number[];
}

function detectorScore(
  id: string,
  runs: readonly RunScore[],
  all: { pairs: readonly PairScore[]; clientDays: number },
): DetectorScore {
  const pairs = all.pairs.filter(({ detector }) => detector === id);
  const mine = (lists: readonly (readonly { readonly detector: string }[])[]) =>
    lists.flat().filter(({ detector }) => detector === id);
  const unseeing = runs.map((run) => run.unseeing.find(({ detector }) => detector === id));
  const blind = unseeing.find((one) => one?.state === "blind");
  const sees = unseeing.some((one) => one === undefined) ? "all" : blind ? "blind" : "idle";
  return {
    ...score({
      pairs,
      ...{ right: total(runs, "right", id), wrong: mine(runs.map(({ wrong }) => wrong)).length },
      ...{ beside: total(runs, "beside", id), rightBlocks: total(runs, "rightBlocks", id) },
      wrongBlocks: mine(runs.map(({ wrongBlocks }) => wrongBlocks)).length,
      clientDays: all.clientDays,
      alerts: pairs.filter(({ intensity, found }) => intensity > 1 && found > 0).map(({ alerts }) => alerts),
    }),
    sees,
    missing: sees === "blind" ? (blind?.missing ?? []) : [],
  };
}

function score({ pairs, right, wrong, beside, rightBlocks, wrongBlocks, clientDays, alerts }: Sums): Score {
  const told = pairs.filter(({ intensity }) => intensity > 1);
  return {
    blocks: { precision: share(rightBlocks, rightBlocks + wrongBlocks), right: rightBlocks, wrong: wrongBlocks },
    precision: share(right, right + wrong),
    detections: { right, wrong, beside },
    recall: recallOf(pairs),
    alertsPerAttack: share(sum(alerts), alerts.length),
    wrongBlocksPerMillionClientDays: share(wrongBlocks * 1_000_000, clientDays),
    delaySeconds: quantiles(told.flatMap(({ delayMs }) => seconds(delayMs))),
    delayEvents: quantiles(told.flatMap(({ delayEvents }) => delayEvents ?? [])),
  };
}

/** Each attack counts the same, however many do it. */
function recallOf(pairs: readonly PairScore[]): Score["recall"] {
  const at = (wanted: Intensity) => {
    const shares = pairs.filter(({ intensity }) => intensity === wanted).map(({ found, expected }) => found / expected);
    return share(sum(shares), shares.length);
  };
  return Object.fromEntries(intensities.map((intensity) => [String(intensity), at(intensity)])) as Score["recall"];
}

function total(runs: readonly RunScore[], of: "right" | "beside" | "rightBlocks", detector?: string): number {
  const counted = (counts: ByDetector) =>
    detector === undefined ? sum(Object.values(counts)) : (counts[detector] ?? 0);
  return sum(runs.map((run) => counted(run[of])));
}

function hitShare(shares: readonly Share[]): number | null {
  return share(sum(shares.map(({ hit }) => hit)), sum(shares.map(({ total }) => total)));
}

function seconds(ms: number | undefined): number[] {
  return ms === undefined ? [] : [ms / 1000];
}

function quantiles(values: readonly number[]): Quantiles {
  return { p50: quantile(values, 0.5), p95: quantile(values, 0.95) };
}

/** The smallest value that so many (a share) do not exceed. */
function quantile(values: readonly number[], of: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(of * sorted.length) - 1)] ?? null;
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
