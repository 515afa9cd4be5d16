import { expect, test } from "vitest";
import { actorInWords, actorTarget } from "../../src/detect/actor-target.ts";
import { numberIn, objectOf } from "../../src/detect/object-id.ts";
import { dimensionOf } from "../../src/detect/dimension.ts";
import { anEvent } from "../support/an-event.ts";

test.for([
  ["at the end", "/orders/{id}", "/orders/17", "17"],
  ["in the middle", "/api/orders/{orderId}/items", "/api/orders/17/items", "17"],
  ["the last of two", "/users/{id}/orders/{id}", "/users/3/orders/17", "17"],
  ["a part of a segment", "/orders/{id}.json", "/orders/17.json", "17.json"],
  ["behind a language", "/{locale}/orders/{uuid}", "/de/orders/6f1d", "6f1d"],
  ["slashes too many", "/orders/{id}", "//orders//17/", "17"],
  ["nothing was ever found there", "/coupons/{unknown}", "/coupons/SUMMER", "SUMMER"],
  ["a list", "/orders", "/orders", undefined],
  ["a file", "/static/{file}", "/static/app.js", undefined],
  ["only a language and a date", "/{locale}/offers/{date}", "/de/offers/2026-08-22", undefined],
  ["a path that is shorter than its route", "/a/{id}/b/{id}", "/a/1", undefined],
] as const)("the object: %s", ([, route, path, expected]) => {
  expect(objectOf(anEvent({ route, path }))).toBe(expected);
});

test.for([
  ["17", 17],
  ["ORD-2026-99812", 99_812],
  ["17.json", 17],
  ["SUMMER", undefined],
  ["1234567890123456", undefined],
  [undefined, undefined],
] as const)("the number in %s", ([object, expected]) => {
  expect(numberIn(object)).toBe(expected);
});

test.for([
  ["user:anna", { scope: "user", value: "anna" }, "user anna"],
  ["user:a:b", { scope: "user", value: "a:b" }, "user a:b"],
  ["key:app-7", { scope: "apiKey", value: "app-7" }, "API key app-7"],
  ["ip:2001:db8::/64", { scope: "ip", value: "2001:db8::/64" }, "client 2001:db8::/64"],
] as const)("the actor %s", ([actor, target, words]) => {
  expect(actorTarget(actor)).toEqual(target);
  expect(actorInWords(actor)).toBe(words);
});

test("an article is a key where the application names it", () => {
  expect(dimensionOf(anEvent({ attributes: { sku: "SKU-17" } }), "sku")).toBe("SKU-17");
  expect(dimensionOf(anEvent({ attributes: undefined }), "sku")).toBeUndefined();
});
