import { isFailed, type Predicate } from "./define-detector.ts";

/**
 * The shop said no to what was tried: a code, a card, a balance. Not for want of a sign-in (401), since
 * whole apps are told so after a release, and not because something broke (5xx).
 */
export const isRejected: Predicate = (event) => isFailed(event) && event.status < 500 && event.status !== 401;

/** What a gateway answers when the bank said no. 404, 405 and 409 are other trouble. */
const declines: ReadonlySet<number> = new Set([200, 400, 402, 403, 422]);

/**
 * A card was declined. Of requests to a checkout only 402 says so; of payments, any refusal of what
 * was sent. A payment that broke (`payment.failed`, 5xx) is no decline.
 */
export const isDeclined: Predicate = (event) => {
  if (!isRejected(event)) return false;
  if (event.attributes?.["declineClass"] !== undefined) return true;
  if (event.origin === "shop") return event.route === "payment.declined";
  return event.status === 402 || (event.endpointClass === "payment" && declines.has(event.status));
};

/** A payment that was taken or declined: what a declined share is a share of. */
export const isCharged: Predicate = (event) => event.outcome === "ok" || isDeclined(event);
