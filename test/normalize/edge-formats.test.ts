import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readGoDuration } from "../../src/normalize/go-duration.ts";
import { withoutLastPort } from "../../src/normalize/host-port.ts";
import { proxiesConfig } from "../../src/normalize/proxies-config.ts";
import { readWallTime } from "../../src/normalize/read-time.ts";
import { aNormalizer, normalizeAll } from "../support/normalizing.ts";

const proxies = proxiesConfig.parse({ trusted: ["10.0.0.0/8"] });

function read(format: string, line: string, timeZone = "UTC") {
  const sources = new Map([["edge", { gateway: "edge", format, timeZone }]]);
  return normalizeAll(aNormalizer({ sources, proxies }), [line]);
}

const haproxy = (cookie = "-", captures = "") =>
  `haproxy[1]: 203.0.113.7:51877 [22/Aug/2026:11:14:07.412] fe be/s1 0/0/1/51/54 404 240 ${cookie} - ---- 1/1/0/0/0 0/0 ${captures}"GET /v1/cart HTTP/1.1"`;
const caddy = (fields: object, request: object = {}) =>
  JSON.stringify({
    logger: "http.log.access",
    ts: 1787390047.466,
    duration: 0.054,
    status: 200,
    request: { remote_ip: "203.0.113.7", method: "GET", uri: "/v1/cart", headers: {}, ...request },
    ...fields,
  });

describe("a source's time zone", () => {
  const end = Date.parse("2026-08-22T09:14:07.466Z");

  test("HAProxy's local time", () => {
    const [event] = read("haproxy-http", haproxy(), "Europe/Berlin").events;
    expect(event).toMatchObject({ time: end, startedAt: end - 54 });
  });

  test("Caddy's time for people", () => {
    const [event] = read("caddy", caddy({ ts: "2026/08/22 11:14:07.466" }), "Europe/Berlin").events;
    expect(event?.time).toBe(end);
  });

  test("a time that has a zone is not touched", () => {
    const [event] = read("caddy", caddy({ ts: "2026-08-22T09:14:07.466Z" }), "Europe/Berlin").events;
    expect(event?.time).toBe(end);
  });
});

/** What a client may put into a header: addresses, quotes, and pieces of the very line. */
const piece = fc.constantFrom(
  '"',
  " ",
  "9.9.9.9",
  ", ",
  '" "',
  "- - ----",
  "1/1/0/0/0",
  "0/0",
  "{",
  "}",
  "[",
  "] ",
  "ms",
);
const hostile = fc.oneof(
  fc.array(fc.oneof(piece, fc.string({ maxLength: 4 })), { maxLength: 14 }).map((parts) => parts.join("")),
  fc.constantFrom('9.9.9.9" "x', 'x" a b c 9.9.9.9:1 d', 'x - ---- 1/1/1/1/0 0/0 "GET /nice HTTP/1.1"'),
);

describe("what a client writes", () => {
  test("HAProxy: a captured cookie changes neither request nor author", () => {
    fc.assert(
      fc.property(hostile, (cookie) => {
        const [event] = read("haproxy-http", haproxy(cookie.replaceAll(/[\r\n]/g, ""))).events;
        expect(event).toMatchObject({ path: "/v1/cart", status: 404, answeredBy: "upstream", clientIp: "203.0.113.7" });
      }),
    );
  });

  test.for([
    ["Envoy", ""],
    ["Istio", " outbound|80||cart 10.20.1.5:41404 10.20.1.5:8443 203.0.113.7:54958 SNI default"],
  ] as const)("%s's text: a client that is certain is the peer", ([, end]) => {
    fc.assert(
      fc.property(hostile, hostile, hostile, (forwardedFor, agent, name) => {
        const headers = `"${forwardedFor}" "${agent}" "id" "api.shop.example" "10.20.4.17:8443"${end.replace("SNI", () => name || "-")}`;
        const line = `[2026-08-22T09:14:07.412Z] "GET /v1/cart HTTP/1.1" 200 - ${end && 'via_upstream - "-" '}0 5 1 0 ${headers}`;
        const { events } = read("envoy-text", line.replaceAll(/[\r\n]/g, ""));
        const certain = events.filter(({ clientIpTrust }) => clientIpTrust === "certain");
        expect(certain.map(({ clientIp }) => clientIp).filter((ip) => ip !== "203.0.113.7")).toEqual([]);
      }),
    );
  });

  test("Traefik and Caddy: a peer that is not ours is the client, whatever headers say", () => {
    fc.assert(
      fc.property(hostile, (header) => {
        const record = { ClientAddr: "203.0.113.7:51877", ClientHost: header, DownstreamStatus: 200, Duration: 1 };
        const more = { StartUTC: "2026-08-22T09:14:07Z", RequestMethod: "GET", RequestPath: "/v1/cart" };
        const headers = { "X-Forwarded-For": [header], Forwarded: [`for=${header}`] };
        for (const [event] of [
          read("traefik-json", JSON.stringify({ ...record, ...more })).events,
          read("caddy", caddy({}, { client_ip: "9.9.9.9", headers })).events,
        ]) {
          expect(event).toMatchObject({ clientIp: "203.0.113.7", clientIpTrust: "certain" });
        }
      }),
    );
  });
});

test.for(["envoy-text", "traefik-clf", "haproxy-http"])("%s: megabytes of marks take no time", (format) => {
  for (const mark of [" [", '"', '" ', "] ", "{", "} ", "/", " ", ' "', 'HTTP/2" ', "#22", "ms"]) {
    const marks = mark.repeat(2_000_000 / mark.length);
    for (const line of [marks, `${haproxy()}${marks}`, `[2026-08-22T09:14:07.412Z] "GET / HTTP/2" ${marks}`]) {
      expect(read(format, line).events.length).toBeLessThanOrEqual(1);
    }
  }
});

test.for([
  ["54ms", 0.054],
  ["771.847µs", 0.000771847],
  ["1h2m3.5s", 3723.5],
  ["0s", 0],
  ["54", Number.NaN],
  ["1m2", Number.NaN],
  ["-1s", Number.NaN],
  ["", Number.NaN],
] as const)("Go's duration %s", ([text, seconds]) => {
  expect(Math.round(readGoDuration(text) * 1e9)).toBe(Math.round(seconds * 1e9));
});

test.for([
  ["203.0.113.77:51544", "203.0.113.77"],
  ["[2001:db8::1]:443", "2001:db8::1"],
  ["2001:db8::1:51877", "2001:db8::1"],
  ["203.0.113.77", "203.0.113.77"],
] as const)("the address of %s", ([text, address]) => {
  expect(withoutLastPort(text)).toBe(address);
});

test.for([
  ["22/Aug/2026:09:14:07.412", "2026-08-22T09:14:07.412Z"],
  ["22/Aug/2026:09:14:07", "2026-08-22T09:14:07.000Z"],
  ["22/Aug/2026:09:14:07 +0000", undefined],
  ["2026/08/22 09:14:07", "2026-08-22T09:14:07.000Z"],
  ["2026/08/22 09:14:07.412345678", "2026-08-22T09:14:07.412Z"],
  ["2026-08-22 09:14:07.412", "2026-08-22T09:14:07.412Z"],
  ["31/Feb/2026:09:14:07.412", undefined],
  ["22/Aug/2026:09:14:07,412", undefined],
  ["2026/08/22 09:14:07Z", undefined],
] as const)("a clock that shows %s", ([text, expected]) => {
  const time = readWallTime(text) ?? Number.NaN;
  expect(Number.isNaN(time) ? undefined : new Date(time).toISOString()).toBe(expected);
});
