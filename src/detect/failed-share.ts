import type { Known } from "./define-detector.ts";

/** Of so many attempts, so many failed. */
export interface Attempts {
  readonly failures: number;
  readonly attempts: number;
}

/** From here on a `distinct` counter is only good for "many". */
const many = 700;

/** What is left of a longer window without a shorter one, which may not be in it whole: never less than nothing. */
export function without(whole: Attempts, part: Attempts): Attempts {
  const attempts = Math.max(0, whole.attempts - part.attempts);
  return { attempts, failures: Math.min(attempts, Math.max(0, whole.failures - part.failures)) };
}

/** The failed share; 0 where there was no attempt. */
export function failedShare({ failures, attempts }: Attempts): number {
  return attempts === 0 ? 0 : failures / attempts;
}

/**
 * The least attacked of some stretches of time: the one with the lowest failed share. So an attack that
 * is over, or one that grows slowly, spoils some of them and not what is usual. Stretches with fewer
 * than `enough` attempts don't count; `undefined` when none does.
 */
export function calmestOf(stretches: readonly Attempts[], enough: number): Attempts | undefined {
  const counted = stretches.filter(({ attempts }) => attempts >= enough);
  return counted.toSorted((a, b) => failedShare(a) - failedShare(b))[0];
}

/** Failures for each success, at the share that is usual; some of all people mistype, so at least `least`. */
export function usualOdds(usual: Attempts, least: number): number {
  const share = Math.min(0.95, Math.max(least, failedShare(usual)));
  return share / (1 - share);
}

/**
 * So many times as many failures for each success as `usual` (odds): 1 is no difference. A share says
 * little once it nears 1; odds go on rising. One success is added, so that it is always finite.
 */
export function timesUsual({ failures, attempts }: Attempts, usual: number): number {
  return failures / (attempts - failures + 1) / usual;
}

/**
 * Who failed beyond those who always do: of a usual number of failures, two thirds as many different
 * ones. As it is where they are too many to tell apart.
 */
export function beyondUsual(who: Known, usualFailures: number): Known {
  return who.value >= many ? who : { known: who.known, value: Math.max(0, who.value - (2 / 3) * usualFailures) };
}

/** Whether so many failures are at most `each` for each one of `who`; true where that isn't known, or there are too many to tell apart. */
export function areFewEach(failures: number, who: Known, each: number): boolean {
  return !who.known || who.value >= many || failures <= each * who.value;
}

/** At least so many different ones failed. Where too many to tell apart did, their failures tell: each made at most `each`. */
export function fewestOf(failures: number, who: Known, each: number): number {
  return who.value >= many ? Math.max(who.value, failures / each) : who.value;
}
