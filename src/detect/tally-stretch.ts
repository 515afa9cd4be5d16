import type { AccessEvent } from "../normalize/access-event.ts";
import type { DetectorSet } from "./detector-sets.ts";
import type { KeySpace } from "./key-space.ts";
import { stretchMs } from "./tally-form.ts";
import { TallyKeys } from "./tally-keys.ts";
import { TallyLog } from "./tally-log.ts";
import type { NamedLane } from "./tally-plan.ts";
import { TrafficGathering } from "./traffic-facts.ts";

/** What was counted of the events of one stretch of time; used again for others. */
export class TallyStretch {
  /** Epoch ms. */
  begin = 0;
  latest = 0;
  /** By space, and by lane. */
  readonly keys: readonly TallyKeys[];
  readonly logs: readonly TallyLog[];
  /** Events that something was observed of, and of those that may be kept whose evidence they are. */
  readonly events: AccessEvent[] = [];
  readonly sets: (DetectorSet | undefined)[] = [];
  /** By part, then second: events that detectors look at. */
  readonly seconds: Uint32Array;
  readonly facts = new TrafficGathering();

  constructor(of: { spaces: readonly KeySpace[]; lanes: readonly NamedLane[]; parts: number }) {
    this.keys = of.spaces.map((space) => new TallyKeys(space));
    this.logs = of.lanes.map(({ lane }) => new TallyLog(lane));
    this.seconds = new Uint32Array((of.parts * stretchMs) / 1000);
  }

  clear(): void {
    this.latest = 0;
    for (const keys of this.keys) keys.clear();
    for (const log of this.logs) log.clear();
    this.events.length = this.sets.length = 0;
    this.seconds.fill(0);
  }
}
