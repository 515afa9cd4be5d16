import type { AsnLookup } from "../block/allow-list.ts";
import type { BlockConfig } from "../block/block-config.ts";
import type { Decision, TrafficFacts } from "../block/decision.ts";
import type { ListedNetwork } from "../block/network-list.ts";
import type { DetectConfig } from "../detect/detect-config.ts";
import type { EventBatch } from "../detect/detect-engine.ts";
import { DetectStage, type DetectorStatus, type SavedStage } from "../detect/detect-stage.ts";
import type { Detection } from "../detect/detection.ts";
import type { JudgementWatcher } from "../detect/judgement.ts";
import type { ActiveDetector } from "../detect/plan.ts";
import type { IncidentChange } from "../incident/incident.ts";
import type { Teams } from "../incident/paged-team.ts";
import type { Runbook } from "../incident/runbook.ts";
import { DryBlocks, type DryBlocksOptions } from "./dry-blocks.ts";
import { LogClock, stepsBetween } from "./log-clock.ts";

export interface ReplayOptions {
  readonly detectors: readonly ActiveDetector[];
  readonly runbooks: readonly Runbook[];
  readonly detect: DetectConfig;
  readonly block: BlockConfig;
  readonly networks: { readonly trusted: readonly ListedNetwork[]; readonly providers: readonly ListedNetwork[] };
  readonly asnOf?: AsnLookup | undefined;
  /** See `proxies.maxShare`; off unless given. */
  readonly maxShare?: number | "off";
  /** Whom runbooks would page; nobody unless given. */
  readonly teams?: Teams;
  /** Told of judgements on complete buckets: how near keys came to thresholds. */
  readonly watcher?: JudgementWatcher | undefined;
  /** Decisions kept at most, and who is told what the guard says of each target. */
  readonly maxDecisions?: number;
  readonly onJudged?: DryBlocksOptions["onJudged"];
  /** Told of detections, of each change of an incident and of each version of a decision, as they come. */
  readonly onDetections?: (detections: readonly Detection[]) => void;
  readonly onIncident?: (change: IncidentChange) => void;
  readonly onDecision?: (decision: Decision) => void;
}

/** A replay may be told so long after the newest event that nothing follows: everything is sealed then. */
const marginMs = 1_000;

/**
 * Recorded events through the detect stage, the runbooks and the guard, by a clock that follows
 * them, so that each moment is judged as it would have been at the time. Blocks nobody.
 */
export class Replay {
  readonly clock = new LogClock();
  readonly blocks: DryBlocks;
  readonly #options: ReplayOptions;
  #detect: DetectStage;
  #begun = false;

  constructor(options: ReplayOptions) {
    this.#options = options;
    this.#detect = this.#newStage();
    this.blocks = new DryBlocks({ ...options, clock: this.clock, facts: this.#facts(), asnOf: options.asnOf });
  }

  /** Lets time pass up to `time` (epoch ms) without an event: windows are sealed and blocks end as they would have. */
  passTo(time: number): void {
    const from = this.#begun ? this.clock.now() : time;
    for (const moment of stepsBetween(from, time)) {
      this.clock.advanceTo(moment);
      this.#respond(this.#detect.tick());
      this.blocks.tick();
    }
    this.clock.advanceTo(time);
    this.#begun = true;
  }

  /** Counts and judges a batch that arrives now. */
  take(batch: EventBatch): void {
    this.#respond(this.#detect.engine.process(batch));
    for (const event of batch.events) this.blocks.seen(event);
  }

  /** Nothing will follow: judges what is left. */
  finish(): void {
    if (!this.#begun) return;
    const { lateness, idleAfter } = this.#options.detect;
    this.passTo(this.clock.now() + lateness + idleAfter + marginMs);
    this.#respond(this.#detect.finish());
  }

  /** What was counted so far, as the service saves it; `restart` goes on with it. */
  save(): SavedStage {
    return this.#detect.save();
  }

  /** Goes on as a new process would with what was saved. Incidents and decisions are in a store, and stay. */
  restart(saved: SavedStage): void {
    this.#detect = this.#newStage();
    this.#detect.load(saved);
  }

  detectors(): DetectorStatus[] {
    return this.#detect.status();
  }

  /** Events that came so much out of order that they were left out of windows. */
  get late(): number {
    return this.#detect.engine.late;
  }

  #newStage(): DetectStage {
    return new DetectStage({
      detectors: this.#options.detectors,
      config: this.#options.detect,
      clock: this.clock,
      maxShare: this.#options.maxShare ?? "off",
      onMuted: () => {}, // the detector's status says so
      watcher: this.#options.watcher,
    });
  }

  /** Asked of the stage that runs at the time. */
  #facts(): TrafficFacts {
    const memory = () => this.#detect.memory;
    return {
      successfulUsers: (clientKey) => memory().successfulUsers(clientKey),
      succeededBefore: (clientKey, time) => memory().succeededBefore(clientKey, time),
      activeClients: () => memory().activeClients(),
      loginFailedShare: () => memory().loginFailedShare(),
      proxyTrust: () => memory().proxyTrust(),
      checkoutRate: () => memory().checkoutRate(),
    };
  }

  #respond(detections: readonly Detection[]): void {
    if (detections.length === 0) return;
    this.blocks.apply(detections);
    this.#options.onDetections?.(detections);
  }
}
