import { deserialize, serialize } from "node:v8";
import { describe, expect, test } from "vitest";
import { Customers, personOf, type Standing } from "../../src/detect/customers.ts";
import type { Target } from "../../src/detect/detection.ts";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { anEvent } from "../support/an-event.ts";

const start = Date.parse("2026-08-22T09:00:00.000Z");
const client: Target = { scope: "ip", value: "203.0.113.7" };

const did = (partial: Partial<AccessEvent>): AccessEvent =>
  anEvent({ time: start, clientIp: "203.0.113.7", userId: "anna", endpointClass: "checkout", ...partial });

describe("what is known of somebody", () => {
  test.for<[string, AccessEvent[], Target, number, Standing | undefined]>([
    ["a purchase", [did({})], client, start + 1000, "bought"],
    ["a payment", [did({ endpointClass: "payment" })], client, start + 1000, "bought"],
    ["a sign-in", [did({ endpointClass: "login" })], client, start + 1000, "signedIn"],
    ["both: the purchase tells more", [did({ endpointClass: "login" }), did({})], client, start + 1000, "bought"],
    ["not what comes later", [did({ time: start + 5000 })], client, start + 1000, "neither"],
    ["the first time counts, in whatever order it comes", [did({ time: start + 5000 }), did({})], client, start + 1000, "bought"],
    ["no purchase that failed", [did({ outcome: "failed" })], client, start + 1000, "neither"],
    ["nothing that is no attempt", [did({ attempt: false })], client, start + 1000, "neither"],
    ["no other page", [did({ endpointClass: "catalog" })], client, start + 1000, "neither"],
    ["by user", [did({ clientIp: "198.51.100.1" })], { scope: "user", value: "anna" }, start + 1000, "bought"],
    ["by API key", [did({ apiKey: "app-7" })], { scope: "apiKey", value: "app-7" }, start + 1000, "bought"],
    ["by session", [did({ sessionId: "s-1" })], { scope: "session", value: "s-1" }, start + 1000, "bought"],
    ["not a session that is called like a user", [did({ userId: "s-1" })], { scope: "session", value: "s-1" }, start + 1000, "neither"],
    ["by the network of an IPv6 client", [did({ clientIp: "2001:db8::/64" })], { scope: "range", value: "2001:db8::/64" }, start + 1000, "bought"],
    ["nothing of a country: that is many", [did({ country: "DE" })], { scope: "country", value: "DE" }, start + 1000, undefined],
  ])("%s", ([, events, target, time, expected]) => {
    const customers = new Customers(64);
    for (const event of events) customers.see(event);
    expect(customers.of(target, time)).toBe(expected);
  }); // prettier-ignore
});

test("a full table forgets, counts that, and calls nobody a customer who is none", () => {
  const customers = new Customers(64);
  for (let i = 0; i < 5000; i++) customers.see(did({ clientIp: `10.0.${i >> 8}.${i & 255}`, userId: undefined }));
  expect(customers.forgotten).toBeGreaterThan(4900);
  expect(customers.of(client, start + 1000)).toBe("neither");
});

test("a restart forgets nobody, and what is saved doesn't change any more", () => {
  const before = new Customers(64);
  before.see(did({}));
  const saved = before.save();
  const copy = serialize(saved);
  before.see(did({ clientIp: "198.51.100.1", userId: "ben", endpointClass: "login" }));
  expect(serialize(saved).equals(copy)).toBe(true);
  const after = new Customers(64);
  after.load(deserialize(copy));
  expect(after.of(client, start + 1000)).toBe("bought");
  expect(after.of({ scope: "user", value: "anna" }, start + 1000)).toBe("bought");
  expect(after.of({ scope: "user", value: "ben" }, start + 1000)).toBe("neither");
  const larger = new Customers(1024);
  larger.load(saved);
  expect(larger.of(client, start + 1000)).toBe("bought");
});

test.for<[Record<string, string>, Target | undefined]>([
  [{ clientIp: "203.0.113.7" }, client],
  [{ clientIp: "203.0.113.7", route: "/a" }, client],
  [
    { actor: "user:anna", route: "/a" },
    { scope: "user", value: "anna" },
  ],
  [{ actor: "ip:203.0.113.7" }, client],
  [{ userId: "anna" }, undefined],
  [{ apiKey: "app-7" }, { scope: "apiKey", value: "app-7" }],
  [{ sessionId: "s-1" }, { scope: "session", value: "s-1" }],
  [{ route: "/a" }, undefined],
  [{ asn: "64500" }, undefined],
])("the key %o names %o", ([key, expected]) => expect(personOf(key)).toEqual(expected));
