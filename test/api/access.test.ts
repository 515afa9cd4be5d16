import type { HTTPMethods } from "fastify";
import { describe, expect, test } from "vitest";
import { roles, type Role } from "../../src/api/api-config.ts";
import { bearer, createTestApi, tokenConfig } from "../support/test-api.ts";

const incident = "/v1/incidents/inc_00000000000000a1";
const ban = { scope: "ip", value: "192.0.2.4", action: "ban", for: "15m", reason: "reported" };
const silence = { runbook: "country-surge", endsAt: 1_787_400_000_000, reason: "load test" };
const outside = "198.51.100.9";

/** Every route, a request to it, and who may use it from another machine. */
const routes: readonly [
  method: HTTPMethods,
  route: string,
  url: string,
  allowed: readonly Role[] | "all",
  body?: object,
][] = [
  ["GET", "/v1/incidents", "/v1/incidents", ["viewer", "responder", "admin"]],
  ["GET", "/v1/incidents/:id", incident, ["viewer", "responder", "admin"]],
  ["GET", "/v1/incidents/:id/evidence", `${incident}/evidence`, ["viewer", "responder", "admin"]],
  ["POST", "/v1/incidents/:id/acknowledge", `${incident}/acknowledge`, ["responder", "admin"]],
  ["POST", "/v1/incidents/:id/resolve", `${incident}/resolve`, ["responder", "admin"]],
  ["GET", "/v1/detections", "/v1/detections", ["viewer", "responder", "admin"]],
  ["GET", "/v1/detections/:id", "/v1/detections/det_00000000000000d1", ["viewer", "responder", "admin"]],
  ["GET", "/v1/detectors", "/v1/detectors", ["viewer", "responder", "admin"]],
  ["GET", "/v1/detectors/:id", "/v1/detectors/country-surge", ["viewer", "responder", "admin"]],
  ["GET", "/v1/detectors/:id/report", "/v1/detectors/impossible-travel/report", ["viewer", "responder", "admin"]],
  ["GET", "/v1/baselines", "/v1/baselines", ["viewer", "responder", "admin"]],
  ["GET", "/v1/baselines/week", "/v1/baselines/week?place=route%20/api/login", ["viewer", "responder", "admin"]],
  ["GET", "/v1/decisions", "/v1/decisions", ["viewer", "responder", "admin"]],
  ["POST", "/v1/decisions", "/v1/decisions", ["responder", "admin"], ban],
  ["DELETE", "/v1/decisions/:id", "/v1/decisions/7", ["responder", "admin"]],
  ["POST", "/v1/decisions/:id/confirm", "/v1/decisions/7/confirm", ["responder", "admin"]],
  ["GET", "/v1/silences", "/v1/silences", ["viewer", "responder", "admin"]],
  ["POST", "/v1/silences", "/v1/silences", ["responder", "admin"], silence],
  ["DELETE", "/v1/silences/:id", "/v1/silences/sil_1", ["responder", "admin"]],
  ["GET", "/v1/deliveries", "/v1/deliveries", ["viewer", "responder", "admin"]],
  ["GET", "/v1/runbooks", "/v1/runbooks", ["viewer", "responder", "admin"]],
  ["GET", "/v1/runbooks/:id", "/v1/runbooks/credential-stuffing", ["viewer", "responder", "admin"]],
  ["GET", "/v1/status", "/v1/status", ["viewer", "responder", "admin"]],
  ["GET", "/v1/why/:subject", "/v1/why/203.0.113.7", ["viewer", "responder", "admin"]],
  ["POST", "/v1/blocking/stop", "/v1/blocking/stop", ["responder", "admin"]],
  ["POST", "/v1/blocking/resume", "/v1/blocking/resume", ["admin"]],
  ["GET", "/metrics", "/metrics", ["viewer", "responder", "admin"]],
  ["POST", "/v1/logs", "/v1/logs", ["gateway", "admin"]],
  ["GET", "/healthz", "/healthz", "all"],
  ["GET", "/readyz", "/readyz", "all"],
  ["GET", "/docs", "/docs", "all"],
  ["GET", "/docs/json", "/docs/json", "all"],
];

/** Tested elsewhere: never refused, and never ending. */
const elsewhere = ["/v1/check", "/v1/check/*", "/v1/events"];

describe("who may use a route", () => {
  const { app, services } = createTestApi({ config: tokenConfig });
  const found = new Set<string>();
  app.addHook("onRoute", ({ method, url }) => {
    for (const verb of [method].flat()) if (verb !== "HEAD") found.add(`${verb} ${url}`);
  });

  test.for(routes)("%s %s", async ([method, , url, allowed, payload]) => {
    for (const role of [undefined, ...roles]) {
      // Actions leave traces; each role finds the same silence and decision.
      services.silenceItems = [{ ...silenceItem }];
      const headers = role ? bearer(role) : {};
      const answer = await app.inject({ method, url, headers, remoteAddress: outside, ...(payload && { payload }) });
      const may = allowed === "all" || (role !== undefined && allowed.includes(role));
      expect({ role, outcome: outcomeOf(answer) }).toEqual({ role, outcome: may ? "done" : refusal(role) });
    }
  });

  test("the table names every route there is", async () => {
    await app.ready();
    const listed = routes.map(([method, route]) => `${method} ${route}`);
    expect([...found].filter((route) => !isElsewhere(route)).sort()).toEqual(listed.sort());
  });

  test("HEAD is judged as GET is", async () => {
    const answer = await app.inject({ method: "HEAD", url: "/v1/incidents", remoteAddress: outside });
    expect(answer.statusCode).toBe(401);
  });

  test("the event stream takes a viewer", async () => {
    const refused = await app.inject({ url: "/v1/events", headers: bearer("gateway"), remoteAddress: outside });
    expect(refused.statusCode).toBe(403);
  });
});

describe("without a token where tokens are set", () => {
  const { app } = createTestApi({ config: tokenConfig });

  test.for([
    ["metrics, from this machine", "/metrics", {}, 200],
    ["metrics, through a proxy on this machine", "/metrics", { "x-forwarded-for": "198.51.100.9" }, 401],
    ["metrics, by a rebound name", "/metrics", { host: "evil.example" }, 403],
    ["incidents, from this machine", "/v1/incidents", {}, 401],
    ["a check, from this machine", "/v1/check", {}, 403],
  ] as const)("%s", async ([, url, headers, status]) => {
    expect((await app.inject({ url, headers })).statusCode).toBe(status);
  });

  test("a wrong token gets a challenge, and after ten of them only a time to wait", async () => {
    const attempt = () =>
      app.inject({ url: "/v1/status", headers: { authorization: "Bearer guess" }, remoteAddress: outside });
    for (let i = 0; i < 10; i++) {
      const answer = await attempt();
      expect(answer.statusCode).toBe(401);
      expect(answer.headers["www-authenticate"]).toBe('Bearer realm="gatewatch"');
    }
    const answer = await attempt();
    expect(answer.statusCode).toBe(429);
    expect(answer.headers["retry-after"]).toBe("60");
    const other = await app.inject({ url: "/v1/status", headers: bearer("viewer"), remoteAddress: outside });
    expect(other.statusCode).toBe(200);
  });
});

test("a route that does not say who may use it does not start", async () => {
  const { app } = createTestApi();
  await expect(async () => {
    app.get("/v1/forgotten", async () => "secret");
    await app.ready();
  }).rejects.toThrow("/v1/forgotten does not say who may use it");
});

// helpers

const silenceItem = {
  id: "sil_1",
  version: 1,
  runbook: "country-surge",
  detector: undefined,
  team: undefined,
  key: {},
  startsAt: 0,
  endsAt: 1_787_400_000_000,
  reason: "load test",
  by: "alice",
  endedBy: undefined,
};

function outcomeOf(answer: { statusCode: number; json(): { error: { code: string } } }): string {
  return answer.statusCode < 300 ? "done" : `${answer.statusCode} ${answer.json().error.code}`;
}

function refusal(role: Role | undefined): string {
  return role ? "403 FORBIDDEN" : "401 UNAUTHENTICATED";
}

function isElsewhere(route: string): boolean {
  const url = route.slice(route.indexOf(" ") + 1);
  return elsewhere.includes(url) || (url.startsWith("/docs/") && url !== "/docs/json");
}
