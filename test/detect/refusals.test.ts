import { expect, test } from "vitest";
import { isDeclaredBot } from "../../src/detect/declared-bot.ts";
import { isDeclined, isRejected } from "../../src/detect/refusals.ts";
import { hasSharedKey, peopleBehind, strangerAgent } from "../../src/detect/strangers.ts";
import { anEvent } from "../support/an-event.ts";

const payment = { endpointClass: "payment", outcome: "failed" } as const;

test.for([
  ["402", { ...payment, status: 402 }, true],
  ["an answer of 200 that the endpoint's rules call a failure", { ...payment, status: 200 }, true],
  ["the provider is down", { ...payment, status: 502 }, false],
  ["no session", { ...payment, status: 401 }, false],
  ["no such payment", { ...payment, status: 404 }, false],
  ["it was paid already", { ...payment, status: 409 }, false],
  ["a payment that was taken", { ...payment, outcome: "ok", status: 200 }, false],
  ["our own block", { ...payment, status: 402, enforced: true }, false],
  ["a checkout with 402", { ...payment, endpointClass: "checkout", status: 402 }, true],
  ["a checkout whose address is wrong", { ...payment, endpointClass: "checkout", status: 422 }, false],
  ["the shop says declined", { ...payment, origin: "shop", route: "payment.declined", status: 0 }, true],
  ["the shop says broken", { ...payment, origin: "shop", route: "payment.failed", status: 0 }, false],
  ["a header tells the class", { ...payment, status: 409, attributes: { declineClass: "fraud" } }, true],
] as const)("declined: %s", ([, event, expected]) => {
  expect(isDeclined(anEvent(event))).toBe(expected);
});

test.for([
  ["a code that is refused", { outcome: "failed", status: 422 }, true],
  ["no session", { outcome: "failed", status: 401 }, false],
  ["an outage", { outcome: "failed", status: 503 }, false],
  ["a limiter", { outcome: "limited", status: 429 }, false],
  ["it went well", { outcome: "ok", status: 200 }, false],
] as const)("rejected: %s", ([, event, expected]) => {
  expect(isRejected(anEvent(event))).toBe(expected);
});

test.for([
  ["Googlebot/2.1 (+http://www.google.com/bot.html)", true],
  ["Mozilla/5.0 (compatible; bingbot/2.0)", true],
  ["PriceSpider 3", true],
  ["Mozilla/5.0 (Linux; Android 12; CUBOT X50) AppleWebKit/537.36", false],
  ["Mozilla/5.0 (X11; Linux x86_64)", false],
  [undefined, false],
] as const)("declares to be a bot: %s", ([userAgent, expected]) => {
  expect(isDeclaredBot(userAgent)).toBe(expected);
});

test("a key without a user is shared; a user with the app's key is one person", () => {
  expect(hasSharedKey(anEvent({ apiKey: "app", userId: undefined }))).toBe(true);
  expect(hasSharedKey(anEvent({ apiKey: "app", userId: "anna" }))).toBe(false);
  expect(hasSharedKey(anEvent({ apiKey: undefined, userId: undefined }))).toBe(false);
});

test("only those without a name are told apart by user agent", () => {
  expect(strangerAgent(anEvent({ userId: undefined, userAgent: "Firefox" }))).toBe("Firefox");
  expect(strangerAgent(anEvent({ userId: "anna", userAgent: "Firefox" }))).toBeUndefined();
});

test.for([
  ["not known", { known: false, value: 0 }, 1],
  ["one", { known: true, value: 1 }, 1],
  ["seven", { known: true, value: 7 }, 7],
  ["more than are believed", { known: true, value: 90 }, 10],
] as const)("people behind an address: %s", ([, agents, expected]) => {
  expect(peopleBehind(agents, 10)).toBe(expected);
});
