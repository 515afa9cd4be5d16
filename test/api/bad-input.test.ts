import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createTestApi } from "../support/test-api.ts";

const { app, services } = createTestApi();
const ban = { scope: "ip", value: "192.0.2.4", action: "ban", for: "15m", reason: "reported" };

describe("what is refused, and what is said about it", () => {
  test.for([
    ["an unknown parameter", "GET", "/v1/incidents?colour=red", undefined, /query: .*colour/],
    ["an unknown state", "GET", "/v1/incidents?state=gone", undefined, /query\.state/],
    ["a limit of none", "GET", "/v1/incidents?limit=0", undefined, /query\.limit/],
    ["a limit too large", "GET", "/v1/detections?limit=201", undefined, /query\.limit/],
    ["a limit that is no number", "GET", "/v1/decisions?limit=many", undefined, /query\.limit/],
    ["a cursor of one's own", "GET", "/v1/deliveries?before=yesterday", undefined, /query\.before.*next/],
    ["an id that is no number", "DELETE", "/v1/decisions/seven", undefined, /params\.id/],
    ["no body", "POST", "/v1/decisions", undefined, /body/],
    ["an unknown key", "POST", "/v1/decisions", { ...ban, forever: true }, /forever/],
    ["an unknown scope", "POST", "/v1/decisions", { ...ban, scope: "planet" }, /body\.scope/],
    ["a name for an address", "POST", "/v1/decisions", { ...ban, value: "localhost" }, /body\.value.*IP address/],
    ["an address for a range", "POST", "/v1/decisions", { ...ban, scope: "range" }, /body\.value.*range/],
    ["no time at all", "POST", "/v1/decisions", { ...ban, for: "0m" }, /body\.for/],
    ["for ever", "POST", "/v1/decisions", { ...ban, for: "9999d" }, /body\.for/],
    ["a reason of blanks", "POST", "/v1/decisions", { ...ban, reason: "  " }, /body\.reason/],
    ["a silence over everything", "POST", "/v1/silences", { endsAt: 1, reason: "peace" }, /silence/],
    [
      "an unknown key in a silence",
      "POST",
      "/v1/silences",
      { runbook: "x", endsAt: 1, reason: "peace", all: true },
      /all/,
    ],
    ["a body where none belongs", "POST", "/v1/incidents/inc_1/acknowledge", { by: "somebody else" }, /body: .*by/],
  ] as const)("%s", async ([, method, url, payload, message]) => {
    const answer = await app.inject({ method, url, ...(payload && { payload }) });
    expect(answer.statusCode).toBe(400);
    const { error } = answer.json();
    expect(error.code).toBe("BAD_REQUEST");
    expect(error.message).toMatch(message);
    expect(services.calls).toEqual([]);
  });

  test.for([
    ["an address that can't be decoded", "/v1/why/%ff"],
    ["an address that is too long", `/v1/why/${"a".repeat(600)}`],
  ])("%s has the same shape", async ([, url]) => {
    const answer = await app.inject({ url });
    expect([answer.statusCode, answer.headers["content-type"]]).toEqual([400, "application/json; charset=utf-8"]);
    expect(answer.json().error).toMatchObject({ code: "BAD_REQUEST" });
  });

  test("all problems are named at once", async () => {
    const answer = await app.inject({
      method: "POST",
      url: "/v1/decisions",
      payload: { ...ban, action: "hug", for: "soon" },
    });
    expect(answer.json().error.problems.map((problem: { path: string }) => problem.path)).toEqual([
      "body.action",
      "body.for",
    ]);
  });

  test.for([
    ["broken JSON", "application/json", "{", 400, "BAD_REQUEST"],
    ["a form", "application/x-www-form-urlencoded", "a=b", 415, "UNSUPPORTED_TYPE"],
    ["JSON that says it is text", "text/plain", JSON.stringify(ban), 400, "BAD_REQUEST"],
    ["a prototype", "application/json", '{"__proto__":{"a":1}}', 400, "BAD_REQUEST"],
    ["too much", "application/json", JSON.stringify({ ...ban, reason: "x".repeat(70_000) }), 413, "TOO_LARGE"],
  ] as const)("%s", async ([, type, payload, status, code]) => {
    const answer = await app.inject({
      method: "POST",
      url: "/v1/decisions",
      headers: { "content-type": type },
      payload,
    });
    expect([answer.statusCode, answer.json().error.code]).toEqual([status, code]);
  });

  test.for([
    ["an address that is none", "GET", "/v2/incidents"],
    ["an unknown incident", "GET", "/v1/incidents/inc_x"],
    ["an unknown incident's evidence", "GET", "/v1/incidents/inc_x/evidence"],
    ["an unknown incident to acknowledge", "POST", "/v1/incidents/inc_x/acknowledge"],
    ["an unknown detection", "GET", "/v1/detections/det_x"],
    ["an unknown detector", "GET", "/v1/detectors/none"],
    ["the report of one that is off", "GET", "/v1/detectors/country-surge/report"],
    ["an unknown decision", "DELETE", "/v1/decisions/4711"],
    ["an unknown silence", "DELETE", "/v1/silences/sil_x"],
    ["an unknown runbook", "GET", "/v1/runbooks/nope"],
    ["a runbook outside the folder", "GET", "/v1/runbooks/..%2F..%2Fetc%2Fpasswd"],
  ] as const)("%s is a 404 of the same shape", async ([, method, url]) => {
    const answer = await app.inject({ method, url });
    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toEqual({
      error: expect.objectContaining({ code: "NOT_FOUND", message: expect.any(String) }),
    });
  });
});

test("whatever is sent, the answer is no 5xx and has the one error shape", async () => {
  const urls = ["/v1/decisions", "/v1/silences", "/v1/incidents/inc_x/resolve"];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...urls), fc.json(), async (url, payload) => {
      const answer = await app.inject({
        method: "POST",
        url,
        headers: { "content-type": "application/json" },
        payload,
      });
      expect(answer.statusCode).toBeLessThan(500);
      expect(answer.statusCode < 400 || answer.json().error.message !== "").toBe(true);
    }),
    { numRuns: 200 },
  );
});

test("a fault of ours says nothing of its cause", async () => {
  const { app, services } = createTestApi();
  services.why = () => Promise.reject(new Error("password=hunter2"));
  const answer = await app.inject({ url: "/v1/why/x" });
  expect(answer.statusCode).toBe(500);
  expect(answer.body).not.toContain("hunter2");
  expect(answer.json().error.code).toBe("INTERNAL");
});
