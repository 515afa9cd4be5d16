import type { DetectorStatus } from "../detect/detect-stage.ts";
import type { Intensity, SimulationLabels } from "../simulate/label.ts";
import type { AttackRecord, Harm } from "./attack-record.ts";
import type { BenignCounts, Share } from "./benign-counts.ts";
import { namesOfKey, targetName } from "./entity-names.ts";
import type { Alert, Block, Findings } from "./findings.ts";
import { judgeFinding, type Judged, wrongBlock } from "./judged.ts";
import type { LogKind } from "./log-kind.ts";
import type { SceneName } from "./scene-name.ts";
import { type Unseeing, unseeingOf } from "./unseeing.ts";

/** Which run it was. */
export interface RunName {
  readonly seed: number;
  readonly intensity: Intensity;
  readonly kind: LogKind;
  readonly scene: SceneName;
}

/** An attack, and one detector that is meant to find it. Times are epoch ms. */
export interface PairScore {
  readonly attack: string;
  readonly intensity: Intensity;
  readonly detector: string;
  readonly start: number;
  /** How many it should name, and how many of them it named. */
  readonly expected: number;
  readonly found: number;
  /** Some of those it did not name. */
  readonly missed: readonly string[];
  /** From the event that crossed the floor to the first detection; `undefined` when there was none. */
  readonly delayMs: number | undefined;
  /** The attack's own events in between; `undefined`, too, where nobody's events are the attack's (an outage). */
  readonly delayEvents: number | undefined;
  readonly alerts: number;
  /** From the attack's first event to the first detection. */
  readonly sinceStartMs: number | undefined;
}

/** One attack, whichever detectors found it. */
export interface AttackScore {
  readonly attack: string;
  readonly intensity: Intensity;
  readonly isFound: boolean;
  /** Incidents that told of it; 0 when it was not found. */
  readonly alerts: number;
  /** What it had done when the first of those who do it was blocked; `undefined` when none was. */
  readonly harm: Harm | undefined;
}

/** A detection that should not have been, or a block of somebody who does no attack. */
export interface Wrong {
  readonly detector: string;
  /** The key, or the target. */
  readonly about: string;
  readonly text: string;
  readonly at: number;
  /** What it most likely mistook, in words. */
  readonly because: string;
}

export type ByDetector = Readonly<Record<string, number>>;

/** All that is told of one run, as plain data. */
export interface RunScore extends RunName {
  readonly pairs: readonly PairScore[];
  readonly attacks: readonly AttackScore[];
  /** How many detections named whom they should; how many named an attacker without being meant to. */
  readonly right: ByDetector;
  readonly beside: ByDetector;
  readonly wrong: readonly Wrong[];
  readonly rightBlocks: ByDetector;
  readonly wrongBlocks: readonly Wrong[];
  readonly clientDays: number;
  readonly requests: Share;
  readonly logins: Share;
  readonly checkouts: Share;
  readonly unseeing: readonly Unseeing[];
  /** Attacks that never reached their floor, or at 0.8 did: that is the simulation's fault, and nobody is measured by them. */
  readonly uncrossed: readonly string[];
  /** Attacks that had no room in the run. */
  readonly skipped: readonly string[];
}

export interface SeenRun {
  readonly labels: SimulationLabels;
  readonly records: readonly AttackRecord[];
  readonly findings: Findings;
  readonly benign: BenignCounts;
  /** How each detector did, and the dimensions of its key. */
  readonly detectors: readonly (DetectorStatus & { readonly key: readonly string[] })[];
}

/** Compares what a run told with what really was. */
export function scoreRun(name: RunName, run: SeenRun): RunScore {
  const { labels, records, findings, benign } = run;
  const unseeing = run.detectors.flatMap((status) => unseeingOf(status) ?? []);
  const seeing = run.detectors.filter(({ id }) => unseeing.every(({ detector }) => detector !== id));
  const isMeasured = ({ label }: AttackRecord) => label.intensity < 1 === (label.floorCrossedAt === null);
  const meant = ({ label }: AttackRecord) => seeing.filter(({ id }) => label.detectors.includes(id));
  const judged = findings.findings().map((finding) => judgeFinding(finding, run));
  const scene = { judged, alerts: findings.alerts(), findings };
  const blocks = findings.blocks().map((block) => ({ block, because: wrongBlock(block, run) }));
  return {
    ...name,
    pairs: records.filter(isMeasured).flatMap((one) => meant(one).map((detector) => pairScore(one, detector, scene))),
    attacks: records
      .filter((one) => isMeasured(one) && meant(one).length > 0)
      .map((one) => attackScore(one, findings.blocks(), scene)),
    right: tally(judged.filter(({ verdict }) => verdict === "right").map(detectorOf)),
    beside: tally(judged.filter(({ verdict }) => verdict === "beside").map(detectorOf)),
    wrong: judged.filter(({ verdict }) => verdict === "wrong").map(wrongFinding),
    rightBlocks: tally(
      blocks.filter(({ because }) => because === undefined).map(({ block }) => blockedBy(block, findings)),
    ),
    wrongBlocks: blocks.flatMap(({ block, because }) =>
      because === undefined ? [] : { ...aboutBlock(block, findings), because },
    ),
    clientDays: benign.clientDays,
    ...{ requests: benign.requests, logins: benign.logins, checkouts: benign.checkouts },
    unseeing,
    uncrossed: records.filter((one) => !isMeasured(one)).map(({ label }) => label.kind),
    skipped: labels.skipped.map(({ kind, reason }) => `${kind}: ${reason}`),
  };
}

// helpers

/** More names than anybody looks at. */
const missedAtMost = 3;

interface Scene {
  readonly judged: readonly Judged[];
  readonly alerts: readonly Alert[];
  readonly findings: Findings;
}

function pairScore(record: AttackRecord, detector: { id: string; key: readonly string[] }, scene: Scene): PairScore {
  const { label, names } = record;
  // At 0.8 nothing is right, and what was found all the same is told by `found`.
  const mine = findingsOf(record, scene).filter(({ finding }) => finding.detection.detector === detector.id);
  const told = new Set(mine.flatMap(({ finding }) => namesOfKey(finding.detection.key)));
  const expected = names.expected(detector.key, told);
  const missed = [...expected].filter((name) => !told.has(name));
  const first = Math.min(...mine.map(({ finding }) => finding.toldAt));
  const crossed = label.floorCrossedAt ?? label.start;
  const isFound = mine.length > 0;
  return {
    ...{ attack: label.kind, intensity: label.intensity, detector: detector.id, start: label.start },
    ...(expected.size === 0
      ? { expected: 1, found: isFound ? 1 : 0, missed: [] }
      : { expected: expected.size, found: expected.size - missed.length, missed: missed.slice(0, missedAtMost) }),
    delayMs: isFound ? Math.max(0, first - crossed) : undefined,
    delayEvents: isFound && record.isSeen ? record.eventsBetween(crossed, first) : undefined,
    alerts: alertsOf(mine, scene),
    sinceStartMs: isFound ? Math.max(0, first - label.start) : undefined,
  };
}

function attackScore(record: AttackRecord, blocks: readonly Block[], scene: Scene): AttackScore {
  const mine = findingsOf(record, scene);
  const { label, names } = record;
  const blockedAt = Math.min(
    ...blocks
      .filter(({ decision, since }) => names.entities.has(targetName(decision)) && since >= label.start)
      .map(({ since }) => since),
  );
  return {
    ...{ attack: label.kind, intensity: label.intensity },
    isFound: mine.length > 0,
    alerts: alertsOf(mine, scene),
    harm: Number.isFinite(blockedAt) ? record.harmUntil(blockedAt) : undefined,
  };
}

/** What named an attack; at 0.8 it is wrong, and found all the same. */
function findingsOf({ label }: AttackRecord, { judged }: Scene): Judged[] {
  return judged.filter(({ found }) => found.some((record) => record.label === label));
}

/** How often people were told of it; once where it only joined what they had been told of. */
function alertsOf(mine: readonly Judged[], { alerts, findings }: Scene): number {
  const told = new Set(mine.map(({ finding }) => finding));
  const isMine = (id: string) => {
    const finding = findings.finding(id);
    return finding !== undefined && told.has(finding);
  };
  const openings = alerts.flatMap(({ openedBy }) => openedBy).filter(isMine).length;
  const isTold = alerts.some(({ detections }) => [...detections].some(isMine));
  return isTold ? Math.max(1, openings) : 0;
}

function detectorOf({ finding }: Judged): string {
  return finding.detection.detector;
}

function wrongFinding({ finding, because }: Judged): Wrong {
  const { detector, key, summary } = finding.detection;
  return { detector, about: Object.values(key).join(" "), text: summary, at: finding.toldAt, because };
}

function blockedBy({ decision }: Block, findings: Findings): string {
  return findings.finding(decision.detection)?.detection.detector ?? decision.runbook ?? "unknown";
}

function aboutBlock(block: Block, findings: Findings): Omit<Wrong, "because"> {
  const { action, scope, value, reason } = block.decision;
  return {
    detector: blockedBy(block, findings),
    about: `${action} of ${scope} ${value}`,
    text: reason,
    at: block.since,
  };
}

function tally(names: readonly string[]): ByDetector {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
