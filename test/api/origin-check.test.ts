import { describe, expect, test } from "vitest";
import { isKnownHost, isSameOrigin } from "../../src/api/origin-check.ts";
import { createTestApi } from "../support/test-api.ts";

describe("Host", () => {
  test.for([
    ["localhost", "localhost:8080", true],
    ["IPv4 loopback", "127.0.0.1:8080", true],
    ["another IPv4 loopback", "127.8.8.8", true],
    ["IPv6 loopback", "[::1]:8080", true],
    ["a configured name, in capitals", "GW.shop.example:443", true],
    ["a configured name with a final dot", "gw.shop.example.:443", true],
    ["another name", "evil.example", false],
    ["a name that begins like loopback", "127.0.0.1.evil.example", false],
    ["a name that ends like a known one", "evil-gw.shop.example", false],
    ["localhost as a label", "localhost.evil.example", false],
    ["any address", "0.0.0.0:8080", false],
    ["an address in another notation", "2130706433", false],
    ["user information", "localhost@evil.example", false],
    ["empty", "", false],
    ["missing", undefined, false],
  ] as const)("%s", ([, host, known]) => {
    expect(isKnownHost(host, ["gw.shop.example"])).toBe(known);
  });
});

describe("Origin", () => {
  const host = "127.0.0.1:8080";
  test.for([
    ["no browser", {}, true],
    ["this page", { origin: "http://127.0.0.1:8080", "sec-fetch-site": "same-origin" }, true],
    ["typed by hand", { "sec-fetch-site": "none" }, true],
    ["this page behind TLS", { host: "gw.shop.example", origin: "https://gw.shop.example" }, true],
    ["another site", { origin: "https://evil.example" }, false],
    ["another program's page on this machine", { origin: "http://127.0.0.1:3000" }, false],
    ["the same address by another name", { origin: "http://localhost:8080" }, false],
    ["a sandboxed frame", { origin: "null" }, false],
    ["another site, without an Origin", { "sec-fetch-site": "cross-site" }, false],
    ["a neighbouring site", { "sec-fetch-site": "same-site" }, false],
    [
      "the page's own origin, but told to be of another site",
      { origin: "http://127.0.0.1:8080", "sec-fetch-site": "cross-site" },
      false,
    ],
    ["nonsense", { origin: "::::" }, false],
  ] as const)("%s", ([, headers, same]) => {
    expect(isSameOrigin({ host, ...headers })).toBe(same);
  });
});

describe("a browser that was tricked, where there are no tokens", () => {
  const { app, services } = createTestApi({ config: { allowedHosts: ["gw.internal"] } });
  const acknowledge = "/v1/incidents/inc_00000000000000a1/acknowledge";

  test.for([
    ["reads through a rebound name", "GET", "/v1/incidents", { host: "evil.example:8080" }, "HOST_REFUSED"],
    ["gets the page through a rebound name", "GET", "/docs/json", { host: "evil.example:8080" }, "HOST_REFUSED"],
    ["acts through a rebound name", "POST", acknowledge, { host: "evil.example" }, "HOST_REFUSED"],
    ["acts for another site", "POST", acknowledge, { origin: "https://evil.example" }, "ORIGIN_REFUSED"],
    ["acts for another site by a form", "POST", "/v1/logs", { "sec-fetch-site": "cross-site" }, "ORIGIN_REFUSED"],
    ["lifts for another site", "DELETE", "/v1/decisions/7", { origin: "null" }, "ORIGIN_REFUSED"],
  ] as const)("%s", async ([, method, url, headers, code]) => {
    const answer = await app.inject({ method, url, headers });
    expect(answer.statusCode).toBe(403);
    expect(answer.json().error.code).toBe(code);
    expect(services.calls).toEqual([]);
  });

  test.for([
    ["a program", {}],
    ["a configured name", { host: "gw.internal" }],
    ["the name in publicUrl", { host: "gatewatch.shop.example" }],
    ["this console", { host: "127.0.0.1:8080", origin: "http://127.0.0.1:8080", "sec-fetch-site": "same-origin" }],
  ] as const)("is not %s", async ([, headers]) => {
    const answer = await app.inject({ method: "POST", url: acknowledge, headers });
    expect(answer.statusCode).toBe(200);
  });

  test("probes and checks may come under any name", async () => {
    for (const url of ["/healthz", "/readyz"]) {
      expect((await app.inject({ url, headers: { host: "10.1.2.3:8080" } })).statusCode).toBe(200);
    }
    expect((await app.inject({ url: "/v1/check", headers: { host: "shop.example" } })).statusCode).toBe(403);
    expect(services.calls.at(-1)?.[0]).toBe("check");
  });
});
