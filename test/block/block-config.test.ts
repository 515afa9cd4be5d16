import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { blockConfig, crowdsecConfig, gatewaysConfig } from "../../src/block/block-config.ts";

const sha256 = createHash("sha256").update("a-key-of-sixteen-or-more").digest("hex");
const secret = `whsec_${Buffer.alloc(24).toString("base64")}`;
const hook = { name: "edge", type: "webhook", url: "https://gw.shop.example/blocks", secret };

test("nothing written: observe, nobody allow-listed, no gateways, no listener", () => {
  expect(blockConfig.parse({})).toEqual({
    mode: "observe",
    allow: { addresses: [], networks: [], users: [], apiKeys: [] },
    guard: { maxUsersBehindAddress: 5, maxShareOfClients: 0.005, minClients: 20, maxDecisionsPerMinute: 60 },
  });
  expect(gatewaysConfig.parse(undefined)).toEqual([]);
  expect(crowdsecConfig.parse(undefined)).toBeUndefined();
});

test("a key is kept as its hash, written either way", () => {
  const keys = [
    { name: "a", key: "a-key-of-sixteen-or-more" },
    { name: "b", sha256: sha256.toUpperCase() },
  ];
  expect(crowdsecConfig.parse({ keys })).toEqual({
    listen: { host: "127.0.0.1", port: 8081 },
    keys: [
      { name: "a", sha256 },
      { name: "b", sha256 },
    ],
    types: ["ban", "captcha"],
  });
  expect(crowdsecConfig.parse({ keys, listen: "[::1]:0" })?.listen).toEqual({ host: "::1", port: 0 });
});

describe("what is wrong is said", () => {
  test.for([
    ["an unknown mode", blockConfig, { mode: "block" }],
    ["an unknown key", blockConfig, { modus: "observe" }],
    ["an address that is none", blockConfig, { allow: { addresses: ["192.0.2.300"] } }],
    ["a network that is none", blockConfig, { allow: { networks: ["64500"] } }],
    ["a share above one", blockConfig, { guard: { maxShareOfClients: 5 } }],
    ["a gateway without a secret", gatewaysConfig, [{ ...hook, secret: undefined }]],
    ["a secret in another form", gatewaysConfig, [{ ...hook, secret: "hush" }]],
    ["a URL that isn't the web's", gatewaysConfig, [{ ...hook, url: "file:///etc/passwd" }]],
    ["two gateways of one name", gatewaysConfig, [hook, hook]],
    ["a listener without keys", crowdsecConfig, { keys: [] }],
    ["a key and its hash", crowdsecConfig, { keys: [{ name: "a", sha256, key: "a-key-of-sixteen-or-more" }] }],
    ["neither key nor hash", crowdsecConfig, { keys: [{ name: "a" }] }],
    ["a short key", crowdsecConfig, { keys: [{ name: "a", key: "short" }] }],
    ["no port", crowdsecConfig, { keys: [{ name: "a", sha256 }], listen: "127.0.0.1" }],
  ] as const)("%s", ([, schema, written]) => {
    expect(schema.safeParse(written).success).toBe(false);
  });
});
