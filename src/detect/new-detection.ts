import { createHash } from "node:crypto";
import { confidenceOf, signalOf } from "./confidence.ts";
import type { DetectorCoverage } from "./coverage.ts";
import type { Detection } from "./detection.ts";
import type { Finding } from "./judge.ts";

/** Samples shown, and targets kept, of one episode. */
export const evidenceLimit = 10;
export const targetLimit = 256;

/** What an episode needs to know of the moment. */
export interface Moment {
  /** True when the events are judged long after they happened. */
  readonly stale: boolean;
  readonly coverage: DetectorCoverage;
}

/** The detection with which an episode begins. */
export function newDetection(
  finding: Finding,
  moment: Moment,
  of: { version: number; sealed: boolean; supersedes: string | undefined },
): Detection {
  const { definition, mode } = finding.detector.active;
  const first = finding.samples[0]?.event;
  return {
    id: detectionId(definition.id, finding),
    version: of.version,
    detector: definition.id,
    title: definition.title,
    severity: finding.severity,
    owasp: definition.owasp,
    state: "open",
    sealed: of.sealed,
    key: finding.key,
    firstSeen: first?.time ?? finding.end - finding.detector.lane.windowMs,
    firedAt: finding.end,
    lastSeen: finding.end,
    counters: finding.counters,
    summary: finding.summary,
    targets: finding.targets.slice(0, targetLimit),
    clientIpCertain: finding.clientIpCertain,
    evidence: finding.samples.slice(0, evidenceLimit).map(({ event }) => event),
    ...placeOf(finding),
    ...surest({ strength: 0 }, finding),
    signal: signalOf(definition),
    mode,
    coverage: moment.coverage.state === "reduced" ? "reduced" : "full",
    stale: moment.stale,
    supersedes: of.supersedes,
    origin: "traffic",
  };
}

/** How sure it has been at most: what it was before, or what it is now. */
export function surest(
  before: { readonly strength: number },
  now: Finding,
): Pick<Detection, "confidence" | "strength"> {
  const strength = Math.max(before.strength, now.strength);
  return { strength, confidence: confidenceOf(strength) };
}

/** Where it happens: what the earliest sample tells. */
export function placeOf(finding: Finding): Pick<Detection, "endpointClass" | "route" | "owner"> {
  const first = finding.samples[0];
  return {
    endpointClass: first?.event.endpointClass,
    route: finding.key["route"] ?? first?.event.route,
    owner: first?.owner,
  };
}

/** The same for the same detector, key and bucket, wherever and whenever it is computed. */
function detectionId(detector: string, finding: { name: string; bucket: number }): string {
  return `det_${createHash("sha256").update(`${detector}\n${finding.name}\n${finding.bucket}`).digest("hex").slice(0, 16)}`;
}
