import type { Config } from "../config.ts";
import { DetectStage, type DetectorStatus } from "../detect/detect-stage.ts";
import type { Detection } from "../detect/detection.ts";
import type { Rules } from "../load-rules.ts";
import type { AccessEvent } from "../normalize/access-event.ts";
import type { GeoLookup } from "../normalize/geo-place.ts";
import type { TrustedNetworks } from "../normalize/trusted-networks.ts";
import { LogClock, stepsBetween } from "./log-clock.ts";
import { TryBlocks } from "./try-blocks.ts";

/** More detections than anybody reads; beyond them only the number is kept. */
const maxDetections = 5_000;
/** Events of the same second, and at most so many, are judged together. */
const sliceMs = 1000;
const sliceEvents = 10_000;
/** All logs are in one order by now, and so are one partition. */
const partition = "try";

/**
 * Runs events through the detect stage, the runbooks and the guard by a clock that follows the log,
 * so that each moment is judged as it would have been at the time.
 */
export class TryJudge {
  readonly #clock = new LogClock();
  readonly #detect: DetectStage;
  readonly #found = new Map<string, Detection>();
  readonly #waitMs: number;
  readonly blocks: TryBlocks;
  /** Detections beyond the bound. */
  more = 0;
  /** The first and the last moment of the logs, epoch ms; `undefined` while there is none. */
  span: { readonly from: number; readonly to: number } | undefined;
  /** The second under way, as its number since the epoch. */
  #slice = 0;
  #events: AccessEvent[] = [];
  #writtenAt: number[] = [];

  constructor(options: {
    readonly rules: Rules;
    readonly config: Config;
    readonly networks: TrustedNetworks;
    readonly geo: GeoLookup | undefined;
  }) {
    const { rules, config, networks, geo } = options;
    this.#waitMs = config.detect.lateness + config.detect.idleAfter + sliceMs;
    this.#detect = new DetectStage({
      detectors: rules.detectors,
      config: config.detect,
      clock: this.#clock,
      maxShare: config.proxies.maxShare,
      onMuted: () => {}, // the detector's status says so
    });
    this.blocks = new TryBlocks({
      clock: this.#clock,
      runbooks: rules.runbooks,
      config,
      networks,
      facts: this.#detect.memory,
      asnOf: geo && ((address) => geo.lookup(address)?.asn),
    });
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
    if (this.span === undefined) return;
    this.#passTo(this.#clock.now() + this.#waitMs);
    this.#respond(this.#detect.finish());
  }

  /** What was found once all events were complete, the first one first. */
  detections(): Detection[] {
    return [...this.#found.values()].sort((a, b) => a.firedAt - b.firedAt);
  }

  detectors(): DetectorStatus[] {
    return this.#detect.status();
  }

  /** Events that came so much out of order that they were left out of windows. */
  get late(): number {
    return this.#detect.engine.late;
  }

  #flush(): void {
    const events = this.#events;
    const writtenAt = this.#writtenAt;
    if (events.length === 0) return;
    this.#events = [];
    this.#writtenAt = [];
    this.#passTo(writtenAt.reduce((newest, time) => Math.max(newest, time), 0));
    this.span ??= { from: writtenAt[0]!, to: writtenAt[0]! };
    this.span = { from: this.span.from, to: this.#clock.now() };
    this.#respond(this.#detect.engine.process({ partition, events, takenAt: (i) => writtenAt[i]! }));
    for (const event of events) this.blocks.seen(event);
  }

  /** Where nothing happens for a while, windows are sealed and blocks end as they would have. */
  #passTo(time: number): void {
    const from = this.span === undefined ? time : this.#clock.now();
    for (const moment of stepsBetween(from, time)) {
      this.#clock.advanceTo(moment);
      this.#respond(this.#detect.tick());
      this.blocks.tick();
    }
    this.#clock.advanceTo(time);
  }

  #respond(detections: readonly Detection[]): void {
    if (detections.length === 0) return;
    this.blocks.apply(detections);
    for (const detection of detections) {
      if (!detection.sealed) continue;
      if (!this.#found.has(detection.id) && this.#found.size >= maxDetections) this.more++;
      else this.#found.set(detection.id, detection);
    }
  }
}
