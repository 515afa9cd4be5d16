import type { DetectorStatus } from "../detect/detect-stage.ts";
import type { Detection } from "../detect/detection.ts";
import type { AccessEvent } from "../normalize/access-event.ts";
import type { DryBlocks } from "./dry-blocks.ts";
import { Replay, type ReplayOptions } from "./replay.ts";

/** More detections than anybody reads; beyond them only the number is kept. */
const defaultMaxDetections = 5_000;
/** Events of the same second, and at most so many, are judged together. */
const sliceMs = 1000;
const sliceEvents = 10_000;
/** All logs are in one order by now, and so are one partition. */
const partition = "logs";

export interface LogJudgeOptions extends Omit<ReplayOptions, "onDetections"> {
  readonly maxDetections?: number;
  /** False: the requests behind detections are not kept, so that many more can be. */
  readonly keepEvidence?: boolean;
}

/** Replays the events of logs, a second at a time, and keeps what was found once all were complete. */
export class LogJudge {
  readonly #replay: Replay;
  readonly #found = new Map<string, Detection>();
  readonly #maxDetections: number;
  readonly #keepEvidence: boolean;
  /** Detections beyond the bound. */
  more = 0;
  /** The first and the last moment of the logs, epoch ms; `undefined` while there is none. */
  span: { readonly from: number; readonly to: number } | undefined;
  /** The second under way, as its number since the epoch. */
  #slice = 0;
  #events: AccessEvent[] = [];
  #writtenAt: number[] = [];

  constructor({ maxDetections = defaultMaxDetections, keepEvidence = true, ...options }: LogJudgeOptions) {
    this.#maxDetections = maxDetections;
    this.#keepEvidence = keepEvidence;
    this.#replay = new Replay({ ...options, onDetections: (detections) => this.#keep(detections) });
  }

  /** Takes the next event, in order of the time it was written at. */
  take(event: AccessEvent, writtenAt: number): void {
    const slice = Math.floor(writtenAt / sliceMs);
    if (slice > this.#slice || this.#events.length >= sliceEvents) this.#flush();
    this.#slice = slice;
    this.#events.push(event);
    this.#writtenAt.push(writtenAt);
  }

  /** Nothing will follow: judges what is left. */
  finish(): void {
    this.#flush();
    this.#replay.finish();
  }

  /** Whom the service would have blocked. */
  get blocks(): DryBlocks {
    return this.#replay.blocks;
  }

  /** What was found once all events were complete, the first one first. */
  detections(): Detection[] {
    return [...this.#found.values()].sort((a, b) => a.firedAt - b.firedAt);
  }

  detectors(): DetectorStatus[] {
    return this.#replay.detectors();
  }

  /** Events that came so much out of order that they were left out of windows. */
  get late(): number {
    return this.#replay.late;
  }

  #flush(): void {
    const events = this.#events;
    const writtenAt = this.#writtenAt;
    if (events.length === 0) return;
    this.#events = [];
    this.#writtenAt = [];
    this.#replay.passTo(writtenAt.reduce((newest, time) => Math.max(newest, time), 0));
    this.span ??= { from: writtenAt[0]!, to: writtenAt[0]! };
    this.span = { from: this.span.from, to: this.#replay.clock.now() };
    this.#replay.take({ partition, events, takenAt: (i) => writtenAt[i]! });
  }

  #keep(detections: readonly Detection[]): void {
    for (const detection of detections) {
      if (!detection.sealed) continue;
      if (!this.#found.has(detection.id) && this.#found.size >= this.#maxDetections) this.more++;
      else this.#found.set(detection.id, this.#keepEvidence ? detection : { ...detection, evidence: [] });
    }
  }
}
