import type { Predicate } from "./define-detector.ts";

/** It is about a gift card: an event of the shop's that says so, or a path with the word. */
export const isGiftCard: Predicate = ({ route, attributes }) =>
  route.startsWith("giftcard.") || attributes?.["giftCardFingerprint"] !== undefined || /gift[-_]?card/i.test(route);
