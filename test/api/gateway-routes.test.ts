import { METHODS } from "node:http";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { bearer, createTestApi, tokenConfig } from "../support/test-api.ts";

const outside = "198.51.100.9";

describe("/v1/check", () => {
  test("answers as the service says, with its headers and nothing for browsers", async () => {
    const { app, services } = createTestApi();
    const answer = await app.inject({ url: "/v1/check", headers: { "x-forwarded-for": "203.0.113.7" } });
    expect([answer.statusCode, answer.body]).toEqual([403, ""]);
    expect(answer.headers).toMatchObject({ "x-gatewatch-reference": "ref-1", "retry-after": "60" });
    expect(answer.headers).not.toHaveProperty("content-security-policy");
    expect(services.calls).toEqual([["check", "203.0.113.7", "127.0.0.1", false]]);
  });

  test.for([
    ["the client's path behind it", { method: "POST", url: "/v1/check/cart/items?a=b" }],
    ["a client's path that can't be decoded", { url: "/v1/check/sale/100%?a=%ff" }],
    [
      "the client's body, half of it",
      { method: "POST", url: "/v1/check", payload: "{", headers: { "content-type": "application/json" } },
    ],
    [
      "a body of a type nobody knows",
      { method: "PUT", url: "/v1/check", payload: "x", headers: { "content-type": "a/b" } },
    ],
    [
      "a large body",
      { method: "POST", url: "/v1/check", payload: "x".repeat(3_000_000), headers: { "content-type": "text/plain" } },
    ],
    [
      "a page of another site",
      { method: "POST", url: "/v1/check", headers: { origin: "https://evil.example", host: "shop.example" } },
    ],
  ] as const)("answers the same to %s", async ([, request]) => {
    const { app } = createTestApi();
    expect((await app.inject(request)).statusCode).toBe(403);
  });

  test.for(METHODS.filter((method) => method !== "CONNECT"))("answers the same to %s", async (method) => {
    const { app } = createTestApi();
    expect((await app.inject({ method: method as "GET", url: "/v1/check" })).statusCode).toBe(403);
  });

  test("a fault of ours lets the client in, and is counted", async () => {
    const { app, services, metrics } = createTestApi();
    services.checkAnswer = () => {
      throw new Error("broken");
    };
    const answer = await app.inject({ url: "/v1/check" });
    expect([answer.statusCode, answer.headers["x-gatewatch-check"]]).toEqual([200, "failed"]);
    expect(await metrics.registry.metrics()).toContain("gatewatch_api_check_failures_total 1");
  });

  test.for([
    ["no token", {}, 200, "unauthenticated"],
    ["a wrong token", { authorization: "Bearer guess" }, 200, "unauthenticated"],
    ["a viewer's token", bearer("viewer"), 200, "unauthenticated"],
    ["a gateway's token", bearer("gateway"), 403, undefined],
    ["an admin's token", bearer("admin"), 403, undefined],
  ] as const)("from another machine with %s", async ([, headers, status, note]) => {
    const { app, services, metrics } = createTestApi({ config: tokenConfig });
    const answer = await app.inject({ url: "/v1/check", headers, remoteAddress: outside });
    expect([answer.statusCode, answer.headers["x-gatewatch-check"]]).toEqual([status, note]);
    expect(services.calls).toEqual(note ? [] : [["check", undefined, outside, true]]);
    const refused = metrics.counter("gatewatch_api_refused_total", "", ["reason"]);
    const counted = (await refused.get()).values.map(({ labels, value }) => [labels.reason, value]);
    expect(counted).toEqual(note ? [["check", 1]] : []);
  });
});

describe("/v1/logs", () => {
  test("hands the body over as it came", async () => {
    const { app, services } = createTestApi();
    const payload = gzipSync("a\nb\n");
    const headers = { "content-type": "application/x-ndjson", "content-encoding": "gzip" };
    const answer = await app.inject({ method: "POST", url: "/v1/logs?source=push", headers, payload });
    expect(answer.statusCode).toBe(202);
    expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(services.calls).toEqual([["accept", "push", payload.toString("latin1"), "application/x-ndjson", "gzip"]]);
  });

  test.for([
    ["NDJSON", "application/x-ndjson", "a\nb\n", 2],
    ["JSON", "application/json", '["a"]', 1],
    ["a form, as curl sends by itself", "application/x-www-form-urlencoded", "a\n", 1],
    ["no type", undefined, "a\nb\nc", 3],
    ["nothing", undefined, undefined, 0],
  ] as const)("takes %s", async ([, type, payload, accepted]) => {
    const { app } = createTestApi();
    const answer = await app.inject({
      method: "POST",
      url: "/v1/logs",
      ...(type && { headers: { "content-type": type } }),
      ...(payload && { payload }),
    });
    expect([answer.statusCode, answer.json()]).toEqual([202, { accepted, rejected: 0 }]);
  });

  test.for([
    [400, "BAD_REQUEST"],
    [404, "NOT_FOUND"],
    [415, "UNSUPPORTED_TYPE"],
    [429, "BUSY"],
  ] as const)("passes on a refusal of the source: %i", async ([status, code]) => {
    const { app, services } = createTestApi();
    services.logs.accept = async () => ({
      status,
      body: { accepted: 0, rejected: 0, error: "why", retryAfterSeconds: 5 },
    });
    const answer = await app.inject({ method: "POST", url: "/v1/logs", payload: "a" });
    expect([answer.statusCode, answer.headers["retry-after"]]).toEqual([status, "5"]);
    expect(answer.json()).toEqual({ error: { code, message: "why" }, accepted: 0, rejected: 0, retryAfterSeconds: 5 });
  });

  test.for([
    [200, "application/x-protobuf", ""],
    [200, "application/json", "{}"],
    [400, "application/x-protobuf", "\u0012\u0003why"],
  ] as const)("answers OTLP in its own terms: %i %s", async ([status, contentType, content]) => {
    const { app, services } = createTestApi();
    services.logs.accept = async () => ({
      status,
      body: { accepted: 1, rejected: 0 },
      otlp: { contentType, content: Buffer.from(content) },
    });
    const headers = { "content-type": contentType };
    const answer = await app.inject({ method: "POST", url: "/v1/logs", headers, payload: "x" });
    expect([answer.statusCode, answer.headers["content-type"], answer.body]).toEqual([status, contentType, content]);
  });

  test("refuses a body larger than any source takes, and unknown parameters", async () => {
    const { app, services } = createTestApi();
    const large = await app.inject({ method: "POST", url: "/v1/logs", payload: "x".repeat(1025) });
    expect([large.statusCode, large.json().error.code]).toEqual([413, "TOO_LARGE"]);
    expect((await app.inject({ method: "POST", url: "/v1/logs?sauce=push", payload: "x" })).statusCode).toBe(400);
    expect(services.calls).toEqual([]);
  });
});
