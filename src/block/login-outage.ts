import type { Detection } from "../detect/detection.ts";
import type { TrafficFacts } from "./decision.ts";
import type { Logins } from "./recent-blocks.ts";

/** Fewer logins than this by others tell nothing about the whole site. */
const minAttempts = 20;
/** An outage hits many: with fewer failing clients it is an attack. */
const minFailedClients = 5;
/** How much more than in the hour before has to fail. */
const factor = 3;
/** A share below this is taken as this: three times almost nothing is no outage. */
const leastShareBefore = 0.1;

/** The login attempts a detection counted; nothing where it counts none. */
export function loginsOf(detection: Detection): Logins {
  const { attempts, failures } = detection.counters;
  if (detection.endpointClass !== "login") return { attempts: 0, failures: 0 };
  return { attempts: attempts ?? failures ?? 0, failures: failures ?? 0 };
}

/**
 * Whether logins fail for everybody. `suspects` are the attempts of those who would be or have just
 * been blocked: they are taken out, or every attack on a small site would look like its outage. What
 * is left is an outage when there are at least 20 attempts, a share failed that is at least three
 * times the hour's before (which counts as 10 % at least), and five clients or more had a failure.
 */
export function outageOfLogins(
  share: NonNullable<ReturnType<TrafficFacts["loginFailedShare"]>>,
  suspects: Logins,
): { readonly isOutage: boolean; readonly reason: string } {
  const attempts = Math.max(0, Math.round(share.attempts - suspects.attempts));
  if (attempts < minAttempts) return { isOutage: false, reason: `only ${attempts} logins by others in five minutes` };
  const failures = Math.min(attempts, Math.max(0, share.now * share.attempts - suspects.failures));
  const failed = failures / attempts;
  const before = Math.max(share.before, leastShareBefore);
  const fewClients = share.failedClients !== undefined && share.failedClients < minFailedClients;
  const reason = `${percent(failed)} of the others' logins failed in five minutes, ${percent(share.before)} in the hour before`;
  return { isOutage: failed >= factor * before && !fewClients, reason };
}

// helpers

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
