import type { Where } from "../../src/detect/define-detector.ts";
import { endpointClasses, outcomes, type AccessEvent } from "../../src/normalize/access-event.ts";
import { anEvent } from "./an-event.ts";

/** Values that a log may hold and nobody expects; some of them again and again, so that keys fill up. */
const texts = [undefined, "", "a", "anna", "\u0000\u001f", "toString", "__proto__", "🙂".repeat(50), "x".repeat(5_000), "<b>%s", "203.0.113.7", "2001:db8::/64", "-1", "NaN"]; // prettier-ignore
const numbers = [undefined, 0, -1, 1, 0.1, 200, 401, 429, 503, 1e300, -1e300, Number.MAX_SAFE_INTEGER];

/** Events that a detector with this `where` looks at, with hostile fields; the same for the same seed. */
export function hostileEvents(where: Where, { seed, count }: { seed: number; count: number }): AccessEvent[] {
  let state = seed * 2_654_435_761;
  const random = (n: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % n;
  };
  const of = <T>(list: readonly T[]): T => list[random(list.length)]!;
  const start = Date.UTC(2026, 7, 22, 9) + seed * 3_600_000;
  return Array.from({ length: count }, (_, i) =>
    anEvent({
      time: start + i * of([1, 10, 250]),
      origin: of(where.origin ?? (["gateway", "shop"] as const)),
      attempt: where.attempt ?? random(2) === 0,
      endpointClass: of(where.endpointClass ?? endpointClasses),
      outcome: of(where.outcome ?? outcomes),
      method: of(where.method ?? ["GET", "POST", "", "x".repeat(100)]),
      status: of(numbers) ?? 0,
      path: of(texts) ?? "/",
      route: of(["/a", "/b/{id}", "", "/__proto__"]),
      host: of(texts),
      clientIp: of(["203.0.113.7", "203.0.113.8", "2001:db8::1", undefined]),
      clientKey: of(["203.0.113.7", "203.0.113.8", "2001:db8::/64", undefined]),
      clientIpTrust: of(["certain", "guessed"]),
      userId: of(texts),
      role: of(texts),
      apiKey: of(texts),
      sessionId: of(texts),
      deviceId: of(texts),
      userAgent: of(texts),
      country: of(["DE", "FR", "", undefined]),
      asn: of([0, 64_500, 4_294_967_295, undefined]),
      latitude: of([undefined, 0, 90, -90, 1e9]),
      longitude: of([undefined, 0, 180, -180, -1e9]),
      methodOverride: of(texts),
      durationMs: of(numbers),
      upstreamMs: of(numbers),
      requestBytes: of(numbers),
      responseBytes: of(numbers),
      requestId: of(texts),
      answeredBy: of(["gateway", "upstream", "unknown"]),
      attributes: of([undefined, {}, attributes(of)]),
    }),
  ).sort((a, b) => a.time - b.time);
}

function attributes(of: <T>(list: readonly T[]) => T): Record<string, string> {
  const names = ["promoCode", "declineClass", "provider", "cardFingerprint", "cardBin", "giftCardFingerprint", "amount", "price", "quantity", "sku", "balance", "orderId", "reason"]; // prettier-ignore
  return Object.fromEntries(names.map((name) => [name, of(texts) ?? "7"]));
}
