import type { AccessEvent, EndpointClass } from "../normalize/access-event.ts";
import type { Predicate } from "./define-detector.ts";
import { hasSharedKey } from "./strangers.ts";

/**
 * What visitors of a shop ask for. Detectors that look at all of it say so in the same words, so that
 * what they count alike is counted once.
 */
export const shopping: readonly EndpointClass[] = [
  "catalog", "search", "cart", "checkout", "payment", "account", "order", "loyalty", "reservation",
]; // prettier-ignore

/** It was answered. What a limiter or an outage refused is tried again, by apps and by people. */
export const wasAnswered: Predicate = (e) =>
  e.outcome !== "limited" && e.status > 0 && e.status < 499 && !hasSharedKey(e);

/** A page of the catalogue was asked for, and answered; not a picture of it. */
export const isPageView: Predicate = (e) =>
  e.endpointClass === "catalog" &&
  (e.method === "GET" || e.method === "HEAD") &&
  wasAnswered(e) &&
  !e.route.endsWith("{file}");

/** Which page. */
export function pathOf({ path }: AccessEvent): string {
  return path;
}
