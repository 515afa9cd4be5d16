import type { SimulationLabels, StressorLabel } from "../simulate/label.ts";
import { type AttackRecord, ownScopes } from "./attack-record.ts";
import { nameOf, namesOfKey, targetName } from "./entity-names.ts";
import type { Block, Finding } from "./findings.ts";

/** A detection, compared with what really was. */
export interface Judged {
  readonly finding: Finding;
  /**
   * The attacks it tells of, which its detector is meant to find; several where they go on at once, or
   * one after the other in one episode. Those that never reached their floor it should not have told of.
   */
  readonly found: readonly AttackRecord[];
  /**
   * `right`; `beside`: names an attacker, or shows what an attacker did, by a detector that was not
   * meant to find that attack (and whose floor may be another), or says no more than what something
   * harmless is; else `wrong`.
   */
  readonly verdict: "right" | "beside" | "wrong";
  /** Of a wrong one: what it most likely mistook, in words. */
  readonly because: string;
}

/** Clocks, late lines and windows may put a detection so far outside its attack. */
const marginMs = 60_000;

/**
 * A detection is right when its key names somebody of a label that its detector is meant for, its
 * time overlaps with the label's, and it was not told before the first such attack began, unless about
 * another attack that was going on. Where labels
 * have no names for the key's parts, detector and time are enough.
 */
export function judgeFinding(finding: Finding, world: World): Judged {
  const { detector, key } = finding.detection;
  const around = world.records.filter(({ label }) => overlaps(finding, label));
  const meant = around.filter(({ label, names }) => label.detectors.includes(detector) && names.fits(key) !== false);
  const loud = meant.filter(isLoud);
  const others = around.filter((record) => !meant.includes(record) && hadBegun(record, finding));
  // One that another attack opened, and that goes on with this one, was told in time.
  if (loud.some((record) => hadBegun(record, finding)) || (loud.length > 0 && behind(others, finding).length > 0))
    return { finding, found: loud, verdict: "right", because: "" };
  const because = becauseOf(namesOfKey(key), finding.toldAt, world);
  if (world.labels.stressors.some((label) => maySay(label, finding)))
    return { finding, found: [], verdict: "beside", because };
  const faint = meant.find((record) => !isLoud(record));
  if (faint) return { finding, found: meant, verdict: "wrong", because: `${faint.label.kind} below its floor` };
  return { finding, found: [], verdict: behind(around, finding).length > 0 ? "beside" : "wrong", because };
}

/** A block of somebody who does no attack, and what it most likely mistook; `undefined` for a right one. */
export function wrongBlock(block: Block, world: World): string | undefined {
  const name = targetName(block.decision);
  const isRight = world.records.some(
    ({ label, names }) => names.entities.has(name) && block.since >= label.start - marginMs,
  );
  return isRight ? undefined : becauseOf([name], block.since, world);
}

/** What really was. */
export interface World {
  readonly labels: SimulationLabels;
  readonly records: readonly AttackRecord[];
}

// helpers

/** More of what went on at the time says nothing. */
const goingAtMost = 3;

/** It was meant to reach its floor, or reached it all the same. */
function isLoud({ label }: AttackRecord): boolean {
  return label.intensity > 1 || label.floorCrossedAt !== null;
}

/** Whether it names who takes part in something harmless, or nobody, and says what that is. */
function maySay(label: StressorLabel, finding: Finding): boolean {
  const { detector, key } = finding.detection;
  if (!label.mayTell.includes(detector) || !overlaps(finding, label)) return false;
  const names = namesOfKey(key);
  return label.entities.length === 0 || label.entities.some((entity) => names.includes(nameOf(entity)));
}

function overlaps({ detection, toldAt }: Finding, label: { start: number; end: number }): boolean {
  const last = Math.max(detection.lastSeen, toldAt);
  return detection.firstSeen <= label.end + marginMs && last >= label.start - marginMs;
}

function hadBegun({ label }: AttackRecord, { toldAt }: Finding): boolean {
  return toldAt >= label.start - marginMs;
}

/** The attacks that a detection is about: whose attackers it names or shows, or who did most of what it counted. */
function behind(records: readonly AttackRecord[], finding: Finding): AttackRecord[] {
  const { key } = finding.detection;
  const accused = records.filter((record) => record.names.accuses(key) || isBehind(record, finding));
  return accused.length === 0 && namesNobody(key) ? causing(records, finding) : accused;
}

/** Whether half of what was shown as evidence, or more, is what those did whom a label names as doing it. */
function isBehind({ names }: AttackRecord, { detection: { evidence } }: Finding): boolean {
  const theirs = evidence.filter(
    ({ clientKey, userId }) => names.entities.has(`ip ${clientKey}`) || names.entities.has(`user ${userId}`),
  );
  return theirs.length > 0 && theirs.length >= evidence.length / 2;
}

function namesNobody(key: Readonly<Record<string, string>>): boolean {
  return namesOfKey(key).every((name) => !ownScopes.some((scope) => name.startsWith(`${scope} `)));
}

/**
 * The attacks that together did half of what was counted, or more: a detection of the whole shop shows its
 * first ten events, and those are often the customers' who mistyped before it began.
 */
function causing(around: readonly AttackRecord[], { first, toldAt }: Finding): AttackRecord[] {
  // From just before the first event that was counted.
  const partOf = (record: AttackRecord) => record.eventsBetween(first.firstSeen - 1, toldAt, first.endpointClass);
  const counted = Object.values(first.counters).find((figure) => figure !== null) ?? Infinity;
  const theirs = around.reduce((sum, record) => sum + partOf(record), 0);
  return theirs >= counted / 2 ? around.filter((record) => partOf(record) > 0) : [];
}

/** Who is named, if it is somebody harmless who is known; else what went on at the time. */
function becauseOf(names: readonly string[], at: number, { labels, records }: World): string {
  const known = [...labels.stressors, ...labels.regulars].find(({ entities }) =>
    entities.some((entity) => names.includes(nameOf(entity))),
  );
  if (known) return known.kind;
  const isAt = ({ start, end }: { start: number; end: number }) => at >= start && at <= end + marginMs;
  const going = [
    ...labels.stressors.filter(isAt).map(({ kind }) => kind),
    ...records.filter(({ label }) => isAt(label)).map(({ label }) => `attack ${label.kind}`),
  ];
  const told = [...new Set(going)];
  const more = told.length > goingAtMost ? ` and ${told.length - goingAtMost} more` : "";
  return told.length === 0 ? "everyday traffic" : `during ${told.slice(0, goingAtMost).join(", ")}${more}`;
}
