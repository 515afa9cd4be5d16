import { expect, test } from "vitest";
import { endpointsConfig } from "../../src/normalize/endpoint-config.ts";
import { formatsConfig } from "../../src/normalize/formats-config.ts";
import { geoConfig, privacyConfig, redactConfig } from "../../src/normalize/normalize-config.ts";
import { proxiesConfig } from "../../src/normalize/proxies-config.ts";

const fields = { time: "ts", method: "m", path: "p", status: "s" };
const cloudfront = ["sc-status", "timestamp", "cs-method", "cs-uri-stem"];

test.for([
  ["a format without a status", formatsConfig, { shop: { fields: { ...fields, status: undefined } } }],
  ["a field that does not exist", formatsConfig, { shop: { fields: { ...fields, clientip: "ip" } } }],
  ["a unit that does not exist", formatsConfig, { shop: { fields: { ...fields, time: { path: "ts", unit: "h" } } } }],
  ["a name with a space", formatsConfig, { "my shop": { fields } }],
  ["a format of neither kind", formatsConfig, { shop: {} }],
  ["a field of CloudFront that does not exist", formatsConfig, { cdn: { cloudfront: [...cloudfront, "c-ipp"] } }],
  ["a field of CloudFront twice", formatsConfig, { cdn: { cloudfront: [...cloudfront, "timestamp"] } }],
  ["CloudFront without a status", formatsConfig, { cdn: { cloudfront: cloudfront.slice(1) } }],
  ["a network that is none", proxiesConfig, { trusted: ["10.0.0.0/33"] }],
  ["a provider that nobody knows", proxiesConfig, { trusted: ["akamai"] }],
  ["more hops than there can be", proxiesConfig, { hops: 33 }],
  ["a share above all", proxiesConfig, { maxShare: 1.5 }],
  ["a route without a slash", endpointsConfig, [{ method: "GET", route: "api", class: "other" }]],
  ["a route with a query", endpointsConfig, [{ method: "GET", route: "/api?x=1", class: "other" }]],
  ["the rest in the middle", endpointsConfig, [{ method: "GET", route: "/a/{rest...}/b", class: "other" }]],
  ["a class that does not exist", endpointsConfig, [{ method: "GET", route: "/a", class: "logon" }]],
  ["a method in small letters", endpointsConfig, [{ method: "get", route: "/a", class: "other" }]],
  ["a rule without a condition", endpointsConfig, [{ method: "GET", route: "/a", class: "other", outcome: [{ when: {}, is: "ok" }] }]],
  ["an unknown key", geoConfig, { databse: "none" }],
  ["a key that is too short", privacyConfig, { pseudonymKey: "short" }],
  ["a parameter without a name", redactConfig, { parameters: [""] }],
] as const)("not valid: %s", ([, schema, value]) => {
  expect(schema.safeParse(value).success).toBe(false);
}); // prettier-ignore

test("everything may be left out", () => {
  expect(formatsConfig.parse(undefined)).toEqual({});
  expect(proxiesConfig.parse(undefined)).toEqual({
    trusted: [],
    clientIpFrom: "auto",
    header: "auto",
    hops: 0,
    everyRequestPassesHops: false,
    maxShare: 0.5,
  });
  expect(endpointsConfig.parse(undefined)).toEqual([]);
  expect(geoConfig.parse(undefined)).toEqual({ database: "default" });
  expect(privacyConfig.parse(undefined)).toEqual({});
  expect(redactConfig.parse(undefined)).toEqual({ parameters: [] });
});
