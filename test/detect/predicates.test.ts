import { expect, test } from "vitest";
import { isFromOutside, isServed, isServerError, isSignedIn } from "../../src/detect/define-detector.ts";
import { anEvent } from "../support/an-event.ts";

test.for([
  ["an address of the internet", "203.0.113.7", true],
  ["a private one", "10.1.2.3", false],
  ["the last private one", "172.31.255.255", false],
  ["the one after it", "172.32.0.0", true],
  ["a shared one", "100.64.0.1", false],
  ["loopback", "127.0.0.1", false],
  ["IPv6", "2001:db8::1", true],
  ["IPv6, unique local", "fd12:3456::1", false],
  ["IPv6, link-local", "fe80::1", false],
  ["IPv6, loopback", "::1", false],
  ["an address that begins like loopback", "::1:2:3", true],
  ["nobody knows", undefined, false],
] as const)("from outside: %s", ([, clientIp, expected]) => {
  expect(isFromOutside(anEvent({ clientIp }))).toBe(expected);
});

test.for([
  ["500", { status: 500 }, true],
  ["504", { status: 504 }, true],
  ["a limiter's 503", { status: 503, outcome: "limited" }, false],
  ["a client that gave up after 15 s", { status: 499, durationMs: 15_000 }, true],
  ["a client that went away at once", { status: 499, durationMs: 50 }, false],
  ["a client that went away, who knows when", { status: 0, durationMs: undefined }, false],
  ["404", { status: 404 }, false],
] as const)("a server error: %s", ([, event, expected]) => {
  expect(isServerError(anEvent(event))).toBe(expected);
});

test.for([
  ["a user", { userId: "anna" }, true],
  ["a key", { apiKey: "key-1" }, true],
  ["a session", { sessionId: "s-1" }, true],
  ["a device alone", { deviceId: "d-1" }, false],
] as const)("signed in: %s", ([, event, expected]) => {
  expect(isSignedIn(anEvent(event))).toBe(expected);
});

test.for([
  [199, false],
  [200, true],
  [299, true],
  [302, false],
] as const)("served with %i: %s", ([status, expected]) => {
  expect(isServed(anEvent({ status }))).toBe(expected);
});
