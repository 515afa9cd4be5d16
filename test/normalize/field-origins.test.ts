import { expect, test } from "vitest";
import { Draft } from "../../src/normalize/draft.ts";
import { fieldOrigins } from "../../src/normalize/field-origins.ts";
import { kong } from "../../src/normalize/formats/kong.ts";
import { nginxCombined } from "../../src/normalize/formats/nginx-combined.ts";
import { nginxJson } from "../../src/normalize/formats/nginx-json.ts";
import type { JsonRecord, LogFormat } from "../../src/normalize/log-format.ts";
import { anEvent } from "../support/an-event.ts";

const full = {
  ...{ msec: "1787390047.466", remote_addr: "198.51.100.23", method: "POST", status: 401, request_time: 0.054 },
  ...{ request_uri: "/v1/login", request: "POST /v1/login HTTP/1.1" },
};

test.for<[string, JsonRecord, Record<string, readonly string[]>]>([
  [
    "each part its field",
    full,
    { time: ["msec"], status: ["status"], clientIp: ["remote_addr"], durationMs: ["request_time"] },
  ],
  ["of two that say the same, the one that counts", full, { path: ["request_uri"], method: ["method"] }],
  ["of two times, the one that counts", { ...full, time_iso8601: "2026-08-22T09:14:07+00:00" }, { time: ["msec"] }],
  [
    "one part with two fields",
    { ...full, method: undefined, request_uri: undefined },
    { path: ["request"], method: ["request"] },
  ],
  [
    "two parts with a hand in one field",
    { ...full, remote_addr: "10.0.0.1", xff: "203.0.113.9" },
    { clientIp: ["remote_addr", "xff"] },
  ],
  [
    "what gateways write for nothing is no part",
    { ...full, ua: "-", http_user_agent: "App/1" },
    { userAgent: ["http_user_agent"] },
  ],
  [
    "what can't be read away, all that could tell it",
    { ...full, user: "anna", user_id: "anna" },
    { userId: ["user_id"] },
  ],
])("%s", ([, record, expected]) => {
  const origins = originsOf(nginxJson, record);
  for (const [field, parts] of Object.entries(expected)) expect([field, origins[field]]).toEqual([field, parts]);
});

test("parts below others, and the record stays as it is", () => {
  const record = {
    ...{ started_at: 1_787_390_047_412, client_ip: "198.51.100.23", latencies: { request: 54, proxy: 51 } },
    request: { method: "POST", uri: "/v1/login", headers: { host: "shop.example", "user-agent": "App/1" } },
    response: { status: 401, size: 12 },
  };
  const before = structuredClone(record);
  expect(originsOf(kong, record)).toMatchObject({
    host: ["request.headers.host"],
    userAgent: ["request.headers.user-agent"],
    durationMs: ["latencies.request"],
    upstreamMs: ["latencies.proxy"],
    path: ["request.uri"],
  });
  expect(record).toEqual(before);
});

test("of a line of text, what the format declares", () => {
  const line = '198.51.100.23 - - [22/Aug/2026:09:14:07 +0000] "POST /v1/login HTTP/1.1" 401 5 "-" "App/1"';
  expect(originsOf(nginxCombined, line)).toMatchObject({
    clientIp: ["$remote_addr", "$http_x_forwarded_for"],
    path: ["$request"],
    status: ["$status"],
  });
});

// helpers

function originsOf(format: LogFormat, sample: JsonRecord | string): Record<string, readonly string[]> {
  const draft = new Draft();
  const read = (one: JsonRecord | string) => {
    draft.reset();
    const reason = format.kind === "json" ? format.read(one as JsonRecord, draft) : format.read(one as string, draft);
    if (reason !== undefined) return { reason };
    const { target, clientIp, forwardedFor, status, method, time, host, userAgent, durationMs, upstreamMs, userId } =
      draft;
    const client = { clientIp: `${clientIp} ${forwardedFor}`, userId };
    return {
      event: anEvent({ path: target, status, method, time, host, userAgent, durationMs, upstreamMs, ...client }),
    };
  };
  const first = read(sample);
  if (!("event" in first)) throw new Error(first.reason);
  return Object.fromEntries(fieldOrigins({ format, sample, event: first.event!, read }));
}
