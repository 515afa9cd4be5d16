import { expect, test } from "vitest";
import { Draft } from "../../src/normalize/draft.ts";
import { ecs } from "../../src/normalize/formats/ecs.ts";
import type { JsonRecord } from "../../src/normalize/log-format.ts";

/** Every field that is read, by its name in the schema; one of two that mean the same. */
const fields = {
  "@timestamp": "2026-08-22T09:14:07.466Z",
  "event.start": "2026-08-22T09:14:07.412Z",
  "event.duration": 54_000_000,
  "client.ip": "198.51.100.23",
  "source.ip": "10.20.0.4",
  "network.forwarded_ip": "198.51.100.24",
  "http.request.method": "POST",
  "http.request.id": "id-1",
  "http.request.body.bytes": 61,
  "http.response.status_code": 401,
  "http.response.body.bytes": 88,
  "url.path": "/v1/login",
  "url.query": "a=b",
  "url.domain": "shop.example",
  "user_agent.original": "curl/8",
  "client.user.id": "anna",
  "user.roles": ["buyer"],
  "session.id": "s-1",
  "device.id": "d-1",
  "client.geo.country_iso_code": "BR",
  "client.geo.location": { lat: -23.5, lon: -46.6 },
  "source.as.number": 64500,
};

const expected = {
  clientIp: "198.51.100.23",
  peerIp: "10.20.0.4",
  claimedIp: "198.51.100.24",
  method: "POST",
  requestId: "id-1",
  requestBytes: 61,
  status: 401,
  responseBytes: 88,
  target: "/v1/login?a=b",
  host: "shop.example",
  userAgent: "curl/8",
  userId: "anna",
  role: "buyer",
  sessionId: "s-1",
  deviceId: "d-1",
  country: "BR",
  latitude: -23.5,
  longitude: -46.6,
  asn: 64500,
  time: Date.parse("2026-08-22T09:14:07.412Z"),
  timeIsStart: true,
  durationMs: 54,
};

test.for([
  ["nested", (name: string) => name.split(".")],
  ["with dots", (name: string) => [name]],
  ["with dots at the end", (name: string) => name.split(/\.(.*)/).filter(Boolean)],
  ["with dots at the beginning", (name: string) => name.split(/\.([^.]*)$/).filter(Boolean)],
] as const)("fields are read when they are written %s", ([, keysOf]) => {
  const record: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) put(record, keysOf(name), value);
  const draft = new Draft();
  expect(ecs.matches(record)).toBeGreaterThan(0.5);
  expect(ecs.read(record, draft)).toBeUndefined();
  expect(draft).toMatchObject(expected);
});

function put(record: Record<string, unknown>, [key = "", ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) record[key] = value;
  else put((record[key] ??= {}) as Record<string, unknown>, rest, value);
}

test("what is null is missing", () => {
  const record: JsonRecord = {
    ...{ "@timestamp": fields["@timestamp"], "event.duration": 54_000_000, event: { end: null, start: null } },
    ...{ "http.request.method": "GET", "http.response.status_code": 200, url: { original: null, path: "/" } },
    ...{ client: null, source: { ip: "198.51.100.23" } },
  };
  const draft = new Draft();
  expect(ecs.read(record, draft)).toBeUndefined();
  expect(draft).toMatchObject({ target: "/", clientIp: "198.51.100.23", peerIp: undefined, timeIsStart: true });
});
