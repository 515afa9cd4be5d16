import { describe, expect, test } from "vitest";
import { createTestApi } from "../support/test-api.ts";

describe("probes", () => {
  test("the process answers, ready or not", async () => {
    const { app, services } = createTestApi();
    services.notReady = ["the store can't be reached"];
    expect((await app.inject({ url: "/healthz" })).json()).toEqual({ ok: true });
    const answer = await app.inject({ url: "/readyz" });
    expect([answer.statusCode, answer.json()]).toEqual([
      503,
      { ready: false, reasons: ["the store can't be reached"] },
    ]);
    services.notReady = [];
    expect((await app.inject({ url: "/readyz" })).statusCode).toBe(200);
  });
});

describe("metrics", () => {
  test("requests are counted by template and status class, never by what a client chose", async () => {
    const { app } = createTestApi();
    for (const id of ["inc_1", "inc_2", "inc_00000000000000a1"]) await app.inject({ url: `/v1/incidents/${id}` });
    for (const url of ["/wp-login.php", "/.git/config"]) await app.inject({ method: "DELETE", url });
    const answer = await app.inject({ url: "/metrics" });
    expect(answer.headers["content-type"]).toContain("text/plain");
    const counts = answer.body.split("\n").filter((line) => line.startsWith("gatewatch_api_request_seconds_count"));
    expect(counts.sort()).toEqual([
      'gatewatch_api_request_seconds_count{method="GET",route="/v1/incidents/:id",status="2xx"} 1',
      'gatewatch_api_request_seconds_count{method="GET",route="/v1/incidents/:id",status="4xx"} 2',
      'gatewatch_api_request_seconds_count{method="any",route="unmatched",status="4xx"} 2',
    ]);
  });

  test("every metric follows the naming rule", async () => {
    const { app, metrics } = createTestApi();
    await app.ready();
    const names = (await metrics.registry.getMetricsAsJSON()).map((metric) => metric.name);
    expect(names.length).toBeGreaterThan(4);
    for (const name of names) expect(name).toMatch(/^gatewatch_api_[a-z_]+$/);
  });
});

describe("headers", () => {
  test.for(["/v1/incidents", "/nope", "/docs", "/healthz"])(
    "%s forbids inline script, framing and sniffing",
    async (url) => {
      const { app } = createTestApi();
      const { headers } = await app.inject({ url });
      expect(headers["content-security-policy"]).toContain("script-src 'self'");
      expect(headers["content-security-policy"]).toContain("default-src 'none'");
      expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
      expect(headers["content-security-policy"]).not.toContain("unsafe");
      expect(headers["x-content-type-options"]).toBe("nosniff");
    },
  );

  test("nothing of the traffic is kept in caches", async () => {
    const { app } = createTestApi();
    expect((await app.inject({ url: "/v1/incidents" })).headers["cache-control"]).toBe("no-store");
  });
});
