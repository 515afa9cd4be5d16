import { count, distinct, firstSeen, isOk, isRefused } from "./define-detector.ts";
import { isPassing } from "./passing-networks.ts";
import type { AccessEvent } from "../normalize/access-event.ts";

// What detectors count of one user's sign-ins alike, so that they share what it costs.

/** Of the sign-ins that were refused. */
export const refusedSignIns = {
  failures: count(isRefused),
  clients: distinct((e) => e.clientKey, isRefused),
};

/** For how long a place is familiar. Entra forgets none within a month; customers of a shop come seldom. */
const memory = "90d";

/** Where the user signed in successfully for the first time. The country of a VPN is nobody's. */
export const newPlaces = {
  countries: firstSeen((e) => (isPassing(e) ? undefined : e.country), { memory }, isOk),
  networks: firstSeen((e) => e.asn, { memory }, isOk),
  programs: firstSeen(programOf, { memory }, isOk),
};

/** A user agent without its versions: a browser that was renewed is no new one. */
export function programOf({ userAgent }: AccessEvent): string | undefined {
  return userAgent?.replaceAll(/\d[\d._]*/g, "");
}
