import { describe, expect, test } from "vitest";
import { ApiError } from "../../src/api/api-error.ts";
import { ForwardedCallers, ticketHeader } from "../../src/api/forwarded-callers.ts";
import type { ForwardedRequest } from "../../src/api/forwarding.ts";
import { apiConfig } from "../../src/api/api-config.ts";
import { bearer, createTestApi, tokenConfig } from "../support/test-api.ts";

/** An instance that doesn't work. `asked` is what it hands on. */
function warm() {
  const asked: ForwardedRequest[] = [];
  const api = createTestApi({
    config: tokenConfig,
    forwarding: {
      leader: () => "https://one.example",
      forward: async (request) => {
        asked.push(request);
        if (request.url.endsWith("/late")) throw new ApiError("NO_ANSWER", "Nobody answered.");
        return { status: 201, type: "application/json", body: '{"from":"the leader"}' };
      },
    },
  });
  return { ...api, asked };
}

const body = { scope: "ip", value: "203.0.113.7", action: "ban", for: "15m", reason: "reported" };

test("what a person does is handed on as it came, with who did it and without the token", async () => {
  const { app, asked, services } = warm();
  const answer = await app.inject({ method: "POST", url: "/v1/decisions?x=1", headers: bearer("responder"), body });
  expect([answer.statusCode, answer.body]).toEqual([201, '{"from":"the leader"}']);
  expect(asked).toEqual([
    {
      method: "POST",
      url: "/v1/decisions?x=1",
      body: JSON.stringify(body),
      caller: { name: "the responder", role: "responder" },
    },
  ]);
  expect(JSON.stringify(asked)).not.toContain("secret-");
  expect(services.calls).toEqual([]);
});

describe("who may not do it is told so here, and nothing is handed on", () => {
  test.for<[string, Record<string, string>, number]>([
    ["without a token", {}, 401],
    ["with a wrong one", { authorization: "Bearer wrong" }, 401],
    ["with a role that does not suffice", bearer("viewer"), 403],
  ])("%s", async ([, headers, status]) => {
    const { app, asked } = warm();
    expect((await app.inject({ method: "POST", url: "/v1/decisions", headers, body })).statusCode).toBe(status);
    expect(asked).toEqual([]);
  });
});

test("checks, probes, metrics and pages are answered here", async () => {
  const { app, asked, services } = warm();
  services.notReady = ["warm"];
  const status = async (url: string) => (await app.inject({ url, headers: bearer("admin") })).statusCode;
  expect(await Promise.all(["/v1/check", "/healthz", "/readyz", "/metrics", "/docs/json"].map(status))).toEqual([
    403, 200, 503, 200, 200,
  ]);
  expect(asked).toEqual([]);
});

test.for([
  ["the event stream", "GET", "/v1/events", "viewer"],
  ["log lines", "POST", "/v1/logs", "gateway"],
] as const)("%s can't be handed on; the answer names the leader", async ([, method, url, role]) => {
  const { app, asked } = warm();
  const headers = { ...bearer(role), "content-type": "application/x-ndjson" };
  const answer = await app.inject({ method, url, headers, ...(method === "POST" && { body: "{}" }) });
  expect([answer.statusCode, answer.json<{ error: { remedy: string } }>().error.remedy]).toEqual([
    503,
    "Ask https://one.example",
  ]);
  expect(asked).toEqual([]);
});

test("where nobody answers that is said, in the one shape of every error", async () => {
  const { app } = warm();
  const answer = await app.inject({ url: "/v1/incidents/late", headers: bearer("viewer") });
  expect([answer.statusCode, answer.json()]).toEqual([
    504,
    { error: { code: "NO_ANSWER", message: "Nobody answered." } },
  ]);
});

describe("tickets", () => {
  function leading() {
    const config = apiConfig.parse(tokenConfig);
    const forwarded = new ForwardedCallers(config.tokens);
    return { forwarded, ...createTestApi({ config: tokenConfig, forwarded }) };
  }

  test("one runs one request, as whoever asked for it", async () => {
    const { app, forwarded, services } = leading();
    const ticket = forwarded.issue({ name: "the responder", role: "responder" })!;
    const run = () => app.inject({ method: "POST", url: "/v1/decisions", headers: { [ticketHeader]: ticket }, body });
    expect((await run()).statusCode).toBe(201);
    expect(services.calls.flat().at(-1)).toMatchObject({ by: "the responder" });
    expect((await run()).statusCode).toBe(401);
  });

  test("the role is judged once more", async () => {
    const { app, forwarded } = leading();
    const ticket = forwarded.issue({ name: "the viewer", role: "viewer" })!;
    const headers = { [ticketHeader]: ticket };
    expect((await app.inject({ method: "POST", url: "/v1/decisions", headers, body })).statusCode).toBe(403);
  });

  test.for<[string, Parameters<ForwardedCallers["issue"]>[0]]>([
    ["a name that nobody has", { name: "mallory", role: "admin" }],
    ["a role that the name doesn't have", { name: "the viewer", role: "admin" }],
    ["somebody without a token, where there are tokens", { name: "local", role: "admin" }],
  ])("there is none for %s", ([, caller]) => {
    expect(leading().forwarded.issue(caller)).toBeUndefined();
  });

  test("a made-up one is none", async () => {
    const { app } = leading();
    expect((await app.inject({ url: "/v1/incidents", headers: { [ticketHeader]: "x" } })).statusCode).toBe(401);
  });

  test("the oldest of too many is void", () => {
    const { forwarded } = leading();
    const tickets = Array.from({ length: 101 }, () => forwarded.issue({ name: "the viewer", role: "viewer" }));
    expect([forwarded.take(tickets[0]), forwarded.take(tickets[100])?.name]).toEqual([undefined, "the viewer"]);
  });
});
