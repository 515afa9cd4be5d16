import type { EndpointClass } from "../normalize/access-event.ts";
import { type Baseline, type BaselineMeasure, unknownBaseline } from "./baseline.ts";
import type { Known } from "./counters.ts";

/**
 * What a detector may look at beside its figures: as of the last full minute of event time, so that a
 * replay, and any other order of events, judges alike.
 */
export interface JudgeContext {
  /**
   * How many users succeeded within a day from the client that the key names (`clientIp`, or an `actor`
   * that is a client), estimated from 64 bits. `undefined` for other keys, and where the log has no users.
   */
  readonly successfulUsers: number | undefined;
  /**
   * The same of any IPv4 address, given by `addressNumber`: whether others use it, too. `undefined` for
   * other clients.
   */
  usersBehind(address: number): number | undefined;
  /** For how long events have been read by then, in ms of event time: what is usual takes as long to know. */
  readonly watchedMs: number;
  /**
   * What is usual on the key's route: the detector's `population`, over the last 24 hours. Not known
   * with fewer than 50 actors, and for detectors that declare none.
   */
  readonly population: Known;
  /**
   * What is usual at this hour of the week, learned from the store, where the key is: on its `route`, else
   * at its `gateway` or in its `endpointClass`, else on the whole site; of a class there if one is named.
   * Unknown in a cold start, and for measures that the detector's `baselines` don't name.
   */
  baseline(of: BaselineMeasure, endpointClass?: EndpointClass): Baseline;
}

/** Nothing is known beside the figures. */
export const noContext: JudgeContext = {
  successfulUsers: undefined,
  usersBehind: () => undefined,
  watchedMs: 0,
  population: { known: false, value: 0 },
  baseline: () => unknownBaseline,
};

/** Users behind one client before its limits rise: a household or two (docs/detectors.md). */
const usersOfOne = 5;

/**
 * How many times higher limits are behind an address that many share: an office or a carrier's NAT makes
 * more of everything, mistakes included. A fifth of its successful users, at least 1; 1 where they aren't
 * known.
 */
export function natFactor({ successfulUsers }: Pick<JudgeContext, "successfulUsers">): number {
  return Math.max(1, (successfulUsers ?? 0) / usersOfOne);
}
