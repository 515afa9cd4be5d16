import { describe, expect, test } from "vitest";
import * as fc from "fast-check";
import type { AccessEvent, EventField } from "../../src/normalize/access-event.ts";
import { formatList } from "../../src/normalize/format-list.ts";
import { createWriter, lineFormats, writerIds } from "../../src/simulate/create-writer.ts";
import { Exchange } from "../../src/simulate/exchange.ts";
import { shopHost } from "../../src/simulate/writer.ts";
import { addressV4, addressV6, aVisitor } from "../../src/simulate/visitor.ts";
import { readBack } from "../support/simulating.ts";

const wholeSeconds = new Set(["nginx-combined", "apache-combined", "ingress-nginx"]);

test("every format is written, but for shop events, which go among the others' lines", () => {
  const named = lineFormats.filter(({ described }) => described === undefined).map(({ id }) => id);
  const read = formatList.map(({ id }) => id).filter((id) => id !== "shop-event");
  expect(named.sort()).toEqual(read.sort());
});

test("logs that have to be described are written, too: one of each kind", () => {
  const kinds = lineFormats.flatMap(({ described }) => (described === undefined ? [] : Object.keys(described)));
  expect(kinds.sort()).toEqual(["cloudfront", "fields"]);
});

test("there is no writer of an unknown name, and text has no room for the shop's keys", () => {
  expect(createWriter("nginx-xml")).toBeUndefined();
  expect(createWriter("enriched-nginx-combined")).toBeUndefined();
});

describe.each(writerIds)("%s", (id) => {
  test("what is read of a line is what happened, in every field that the format carries", () => {
    const writer = createWriter(id)!;
    fc.assert(
      fc.property(anExchange, (exchange) => {
        const line = writer.request(exchange);
        const { events, rejected } = readBack([{ time: exchange.time, line, isShopEvent: false }], id);
        expect(rejected).toEqual([]);
        const [event] = events;
        for (const field of writer.carries) {
          if (field === "answeredBy" && [502, 504].includes(exchange.status)) continue;
          expect({ line, [field]: event![field] }).toEqual({ line, [field]: expected(exchange, field, writer.format) });
        }
      }),
      { numRuns: 60 },
    );
  });
});

test("what is read of a shop event is what happened", () => {
  const writer = createWriter("enriched")!;
  const visitor = aVisitor({
    ...{
      address: addressV6(1, 2, 3),
      userAgent: "ShopApp/5.2.1 (iOS 18.6; iPhone16,2)",
      deviceId: "d-1",
      role: "customer",
    },
    ...{ place: { country: "DE", asn: 64500, latitude: 52.52, longitude: 13.4 }, userId: "c100017", sessionId: "s-7" },
  });
  const attributes = { sku: "A-1042", quantity: 3, amount: 17.5, cardFingerprint: "k00ab12cd", nonce: "n-7" };
  const line = writer.shopEvent!({ event: "stock.reserved", visitor, attributes }, Date.UTC(2026, 7, 24, 9));
  const { events } = readBack([{ time: Date.UTC(2026, 7, 24, 9), line, isShopEvent: true }], "enriched");
  expect(events[0] ?? line).toMatchObject({
    ...{ origin: "shop", route: "stock.reserved", endpointClass: "reservation", outcome: "ok", attempt: true },
    ...{ time: Date.UTC(2026, 7, 24, 9), clientIp: visitor.ip, clientKey: visitor.clientKey, clientIpTrust: "certain" },
    ...{ userId: "c100017", sessionId: "s-7", deviceId: "d-1", role: "customer", country: "DE", asn: 64500 },
    attributes: { sku: "A-1042", quantity: "3", amount: "17.5", cardFingerprint: "k00ab12cd", nonce: "n-7" },
  });
});

// helpers

function expected(x: Exchange, field: EventField, format: string): unknown {
  const { visitor } = x;
  const from: Partial<Record<EventField, unknown>> = {
    ...{ method: x.method, status: x.status, durationMs: x.durationMs, upstreamMs: x.upstreamMs, userId: x.userId },
    ...{ requestBytes: x.requestBytes, responseBytes: x.responseBytes, requestId: x.requestId },
    ...{
      methodOverride: x.methodOverride,
      clientIp: visitor.ip,
      clientKey: visitor.clientKey,
      userAgent: visitor.userAgent,
      host: shopHost,
    },
    ...{ role: visitor.role, apiKey: visitor.apiKey, sessionId: visitor.sessionId, deviceId: visitor.deviceId },
    ...visitor.place,
    path: x.target.split("?")[0],
    startedAt: x.time - x.durationMs,
    answeredBy: x.upstreamMs === undefined ? "gateway" : "upstream",
    time: wholeSeconds.has(format) ? x.time - (x.time % 1000) : x.time,
    attributes: x.attributes && Object.fromEntries(Object.entries(x.attributes).map(([k, v]) => [k, String(v)])),
  } satisfies Partial<Record<keyof AccessEvent, unknown>>;
  return from[field];
}

const address = fc.oneof(
  fc.integer({ min: 1, max: 60_000 }).map((n) => addressV4([198, 18, 0], n)),
  fc
    .tuple(fc.integer({ min: 1, max: 0xffff }), fc.integer({ min: 1, max: 0xffff }), fc.integer())
    .map(([a, b, c]) => addressV6(a, b, c)),
);

const visitor = fc
  .record({
    address,
    userAgent: fc.constantFrom("Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) Safari/604.1", "curl/8.9.1"),
    userId: fc.option(fc.constant("c100017"), { nil: undefined }),
    sessionId: fc.option(fc.constant("s-1f2e3d"), { nil: undefined }),
    deviceId: fc.option(fc.constant("d-99ab"), { nil: undefined }),
    role: fc.option(fc.constant("customer"), { nil: undefined }),
    apiKey: fc.option(fc.constant("key-acme"), { nil: undefined }),
    place: fc.constantFrom(
      { country: "DE", asn: 64500, latitude: 52.52, longitude: 13.4 },
      { country: "BR", asn: 65530, latitude: -23.55, longitude: -46.63 },
    ),
  })
  .map(aVisitor);

const anExchange = fc
  .record({
    visitor,
    time: fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2026, 11, 31) }),
    method: fc.constantFrom("GET", "POST", "PUT", "DELETE"),
    target: fc.constantFrom(
      "/api/login",
      "/api/search?q=red+boots",
      "/api/products/1042",
      "/api/orders/712345",
      "/.env",
    ),
    status: fc.constantFrom(200, 201, 204, 304, 401, 402, 404, 422, 429, 500, 502, 503, 504),
    durationMs: fc.integer({ min: 1, max: 40_000 }),
    isAnswered: fc.boolean(),
    methodOverride: fc.option(fc.constant("DELETE"), { nil: undefined }),
    attributes: fc.constantFrom(undefined, { promoCode: "AUTUMN26" }, { declineClass: "do_not_honor", reason: "x" }),
  })
  .map(({ visitor, time, isAnswered, methodOverride, attributes, ...asked }) => {
    const exchange = new Exchange();
    exchange.begin(visitor, asked);
    exchange.time = time;
    exchange.requestId = "0af7651916cd43dd8448eb211c80319c";
    // What no upstream answered is refused by a limiter, or fails.
    if (!isAnswered && (asked.status === 429 || asked.status === 503)) exchange.upstreamMs = undefined;
    return Object.assign(exchange, { methodOverride, attributes });
  });
