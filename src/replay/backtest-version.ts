import type { Decision } from "../block/decision.ts";
import { Customers, type Standing } from "../detect/customers.ts";
import type { DetectorStatus } from "../detect/detect-stage.ts";
import type { Detection, Target } from "../detect/detection.ts";
import { ThresholdWatcher } from "../detect/threshold-watcher.ts";
import { type TrialHits, type TrialReport, trialReport, type TriedBlock } from "../detect/trial-report.ts";
import type { AccessEvent } from "../normalize/access-event.ts";
import { backtestFinding, type BacktestFinding } from "./backtest-finding.ts";
import { GuardAnswers } from "./guard-answers.ts";
import { LogJudge, type LogJudgeOptions } from "./log-judge.ts";

/** Without the requests behind them a kilobyte each. */
const maxDetections = 200_000;
const maxDecisions = 100_000;

export interface BacktestVersionOptions extends Omit<
  LogJudgeOptions,
  "watcher" | "onJudged" | "maxDetections" | "maxDecisions" | "keepEvidence"
> {
  /** As the command line calls it. */
  readonly name: string;
  /** Ids of the detectors that are told of; the others run all the same, since they bear on who is blocked. */
  readonly told: ReadonlySet<string>;
}

/** Somebody who would have been blocked. */
export interface BlockedTarget extends Target {
  /** What it had done before the first event that speaks against it. */
  readonly standing: Standing | undefined;
  readonly detectors: readonly string[];
  readonly hit: TrialHits;
}

/** What one version of the rules made of the events. */
export interface VersionReport {
  readonly name: string;
  /** In order of time. */
  readonly findings: readonly BacktestFinding[];
  /** Detections beyond those that are listed, and blocks beyond those that are followed. */
  readonly moreFindings: number;
  readonly moreBlocks: number;
  /** The detectors that found something, or had something come near. */
  readonly trials: readonly TrialReport[];
  readonly blocked: readonly BlockedTarget[];
  readonly detectors: readonly DetectorStatus[];
  /** The first and the last moment, epoch ms. */
  readonly span: { readonly from: number; readonly to: number } | undefined;
  readonly late: number;
}

/** One version of detectors, runbooks and guard, and what it makes of events that come in order of time. */
export class BacktestVersion {
  readonly #options: BacktestVersionOptions;
  readonly #customers = new Customers();
  readonly #answers = new GuardAnswers();
  readonly #watcher: ThresholdWatcher;
  readonly #judge: LogJudge;

  constructor(options: BacktestVersionOptions) {
    this.#options = options;
    this.#watcher = new ThresholdWatcher({
      isWatched: ({ definition }) => options.told.has(definition.id),
      customers: this.#customers,
    });
    this.#judge = new LogJudge({
      ...options,
      ...{ maxDetections, maxDecisions, keepEvidence: false, watcher: this.#watcher },
      onJudged: (judged) => this.#answers.note(judged),
    });
  }

  take(event: AccessEvent, writtenAt: number): void {
    this.#customers.see(event);
    this.#judge.take(event, writtenAt);
  }

  /** Nothing will follow: judges what is left. */
  finish(): void {
    this.#judge.finish();
  }

  report(): VersionReport {
    const { name, told } = this.#options;
    const { span, late, more } = this.#judge;
    const detections = this.#judge.detections().filter(({ detector }) => told.has(detector));
    const tried = this.#tried(detections);
    const spanMs = span === undefined ? 0 : span.to - span.from;
    const status = this.#judge.detectors().filter(({ id }) => told.has(id));
    const trials = status.map((detector) =>
      trialReport({
        detector,
        detections: detections.filter((one) => one.detector === detector.id),
        blocks: tried.get(detector.id) ?? [],
        customers: this.#customers,
        thresholds: this.#watcher.of(detector.id),
        spanMs,
      }),
    );
    return {
      name,
      findings: detections.map((detection) => backtestFinding(detection, this.#answers.of(detection))),
      moreFindings: more,
      moreBlocks: this.#judge.blocks.more + this.#answers.more,
      trials: trials.filter(({ detections: found, thresholds }) => found > 0 || thresholds.length > 0),
      blocked: this.#blocked(tried),
      detectors: status,
      span,
      late,
    };
  }

  /** By detector what came of each target that a runbook wanted blocked. */
  #tried(detections: readonly Detection[]): Map<string, TriedBlock[]> {
    const decisions = Map.groupBy(this.#judge.blocks.decisions(), ({ detection }) => detection ?? "");
    const tried = new Map<string, TriedBlock[]>();
    for (const detection of detections) {
      const own = decisions.get(detection.id) ?? [];
      const blocks = tried.get(detection.detector) ?? [];
      tried.set(detection.detector, blocks);
      for (const { target, state, refusedBy } of this.#answers.of(detection)) {
        const made = own.filter(({ scope, value }) => scope === target.scope && value === target.value);
        const result = state === "active" ? (isWithdrawn(made) ? "withdrawn" : "blocked") : state;
        blocks.push({ target, since: detection.firstSeen, result, refusedBy, hit: hitsOf(made) });
      }
    }
    return tried;
  }

  #blocked(tried: ReadonlyMap<string, readonly TriedBlock[]>): BlockedTarget[] {
    const all = [...tried].flatMap(([detector, blocks]) =>
      blocks.filter(({ result }) => result === "blocked").map((block) => ({ ...block, detector })),
    );
    const byTarget = Map.groupBy(all, ({ target }) => `${target.scope} ${target.value}`);
    return [...byTarget.values()].map((blocks) => {
      const { target } = blocks[0]!;
      const since = Math.min(...blocks.map((block) => block.since));
      const sum = (figure: keyof TrialHits) => blocks.reduce((total, { hit }) => total + hit[figure], 0);
      return {
        ...target,
        standing: this.#customers.of(target, since),
        detectors: [...new Set(blocks.map(({ detector }) => detector))],
        hit: { requests: sum("requests"), succeeded: sum("succeeded"), signedIn: sum("signedIn"), bought: sum("bought") }, // prettier-ignore
      };
    });
  }
}

// helpers

/** The only block there was, was taken back. */
function isWithdrawn(decisions: readonly Decision[]): boolean {
  return decisions.length > 0 && decisions.every(({ state }) => state === "lifted");
}

function hitsOf(decisions: readonly Decision[]): TrialHits {
  const hits = decisions.flatMap(({ state, wouldHaveHit }) =>
    wouldHaveHit && (state === "active" || state === "expired") ? [wouldHaveHit] : [],
  );
  const sum = (figure: keyof TrialHits) => hits.reduce((total, hit) => total + hit[figure], 0);
  return { requests: sum("requests"), succeeded: sum("succeeded"), signedIn: sum("signedIn"), bought: sum("bought") };
}
