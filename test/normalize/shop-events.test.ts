import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { endpointClasses } from "../../src/normalize/access-event.ts";
import { endpointsConfig } from "../../src/normalize/endpoint-config.ts";
import { proxiesConfig } from "../../src/normalize/proxies-config.ts";
import { shopAttributes } from "../../src/normalize/formats/shop-event.ts";
import { shopEventKind, shopSubjects } from "../../src/normalize/shop-event-kinds.ts";
import { plantedSecrets, secretsIn } from "../support/planted-secrets.ts";
import { aNormalizer, arrivedAt, normalizeAll } from "../support/normalizing.ts";

const login = (attempts: "gateway" | "shop", route = "/v1/login") => ({
  ...{ method: "POST", route, class: "login", owner: "identity", attempts },
});

describe("kinds", () => {
  test.for([
    ["login.succeeded", "login", "ok", true],
    ["login.failed", "login", "failed", true],
    ["login.challenged", "login", "unknown", false],
    ["payment.declined", "payment", "failed", true],
    ["payment.refunded", "payment", "unknown", false],
    ["promo.rejected", "promo", "failed", true],
    ["stock.reserved", "reservation", "ok", true],
    ["stock.released", "reservation", "unknown", false],
    ["webhook.rejected", "webhook", "denied", true],
    ["com.example.shop.login.failed", "login", "failed", true],
  ] as const)("%s", ([name, endpointClass, outcome, isAttempt]) => {
    expect(shopEventKind(name)).toMatchObject({ endpointClass, outcome, isAttempt });
  });

  test.for([
    "newsletter.opened",
    "login",
    ".failed",
    "login.",
    "",
    "login..failed",
    "login.fa iled",
    "constructor.name",
  ])("%j is of no known subject", (name) => expect(shopEventKind(name)).toBeUndefined());

  test("new names of a subject share one route, so that routes stay few", () => {
    expect(shopEventKind("login.passkey_tried")).toMatchObject({
      route: "login.other",
      outcome: "unknown",
      isAttempt: false,
    });
    const routes = new Set<string>();
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(shopSubjects)),
        fc.stringMatching(/^[a-z]{1,20}$/),
        (subject, what) => {
          routes.add(shopEventKind(`${subject}.${what}`)!.route);
        },
      ),
    );
    expect(routes.size).toBeLessThanOrEqual(Object.keys(shopSubjects).length * 8);
  });

  test("every subject has a class of the list", () => {
    for (const { endpointClass } of Object.values(shopSubjects)) expect(endpointClasses).toContain(endpointClass);
  });
});

describe("among a gateway's lines", () => {
  const shopLine = (i: number) => JSON.stringify({ event: "login.failed", time: arrivedAt - i, userId: `user-${i}` });
  const nginxLine = (i: number) =>
    JSON.stringify({
      ...{ msec: ((arrivedAt - i) / 1000).toFixed(3), remote_addr: "198.51.100.23", method: "GET", uri: `/p/${i}` },
      ...{ status: 200, request_time: 0.01 },
    });

  test.for(["auto", "nginx-json"])("they are read beside them, without a change of format (format: %s)", (format) => {
    const normalizer = aNormalizer({ format });
    const records = Array.from({ length: 600 }, (_, i) => (i % 2 === 0 || i < 40 ? shopLine(i) : nginxLine(i)));
    const { events, rejected } = normalizeAll(normalizer, records);
    expect(rejected).toEqual([]);
    expect(events).toHaveLength(600);
    expect(events.map(({ origin }) => origin)).toEqual(
      records.map((record) => (record.includes("login.failed") ? "shop" : "gateway")),
    );
    expect(events[100]).toMatchObject({ origin: "shop", userId: "user-100" });
    expect(events[101]).toMatchObject({ origin: "gateway", path: "/p/101", userId: undefined });
    expect(normalizer.formatOf("edge")).toBe("nginx-json");
    expect(normalizer.coverage().map(({ format, events }) => [format, events])).toEqual([
      ["shop-event", 320],
      ["nginx-json", 280],
    ]);
  });

  test("a source has the gateway's format, however few and plain its lines are", () => {
    const normalizer = aNormalizer();
    const plain = { request: { method: "GET", uri: "/p/1" }, response: { status: 200 }, started_at: arrivedAt };
    const { rejected } = normalizeAll(normalizer, [shopLine(1), shopLine(2), shopLine(3), JSON.stringify(plain)]);
    expect(rejected).toEqual([]);
    expect(normalizer.formatOf("edge")).toBe("kong");
  });

  test("twenty in a row don't change the format either", () => {
    const normalizer = aNormalizer();
    const records = [nginxLine(0), ...Array.from({ length: 50 }, (_, i) => shopLine(i)), nginxLine(1)];
    expect(normalizeAll(normalizer, records).rejected).toEqual([]);
    expect(normalizer.formatOf("edge")).toBe("nginx-json");
  });

  test("a text format has them beside it, too", () => {
    const line = '198.51.100.23 - - [22/Aug/2026:09:14:07 +0000] "GET /p/1 HTTP/1.1" 200 12 "-" "curl/8"';
    const { events, rejected } = normalizeAll(aNormalizer(), [line, shopLine(1), line]);
    expect(rejected).toEqual([]);
    expect(events.map(({ origin }) => origin)).toEqual(["gateway", "shop", "gateway"]);
  });

  test("a bad one is rejected as what it is", () => {
    const bad = [JSON.stringify({ event: "login.failed", time: "?" }), JSON.stringify({ event: "news.read", time: 1 })];
    const { rejected } = normalizeAll(aNormalizer(), [nginxLine(0), ...bad]);
    expect(rejected.map(({ reason }) => reason)).toEqual(["bad_time", "unknown_event"]);
  });

  test("a gateway's own line that has a key of that name stays one", () => {
    const line = JSON.stringify({ ...(JSON.parse(nginxLine(0)) as object), event: "login.failed" });
    expect(normalizeAll(aNormalizer(), [line, line]).events.map(({ origin }) => origin)).toEqual([
      "gateway",
      "gateway",
    ]);
  });
});

describe("what counts as an attempt", () => {
  const request = (path: string) =>
    JSON.stringify({
      ...{ msec: (arrivedAt / 1000).toFixed(3), remote_addr: "198.51.100.23", method: "POST", uri: path },
      ...{ status: 401, request_time: 0.01 },
    });
  const event = (name: string, endpoint?: string) => JSON.stringify({ event: name, time: arrivedAt, endpoint });

  test.for<[string, object[], [string, boolean, string][]]>([
    ["requests, unless an endpoint says otherwise", [login("gateway")], [
      [request("/v1/login"), true, "failed"],
      [event("login.failed"), false, "failed"],
    ]],
    ["shop events, where one says so", [login("shop")], [
      [request("/v1/login"), false, "unknown"],
      [event("login.failed"), true, "failed"],
      [event("login.challenged"), false, "unknown"],
      [event("login.other_thing"), false, "unknown"],
    ]],
    ["other classes are not touched", [login("shop")], [
      [request("/v1/signup"), true, "failed"],
      [event("signup.failed"), false, "failed"],
    ]],
    ["an endpoint that nobody listed goes with its class", [login("shop")], [
      [request("/app/login"), false, "unknown"],
    ]],
    ["two endpoints of a class: each counts its own, where events say which", [login("shop"), login("gateway", "/partner/login")], [
      [request("/v1/login"), false, "unknown"],
      [request("/partner/login"), true, "failed"],
      [event("login.failed"), true, "failed"],
      [event("login.failed", "POST /v1/login"), true, "failed"],
      [event("login.failed", "POST /partner/login"), false, "failed"],
    ]],
  ])("%s", ([, endpoints, cases]) => {
    const normalizer = aNormalizer({ endpoints: endpointsConfig.parse(endpoints) });
    const { events } = normalizeAll(normalizer, cases.map(([record]) => record)); // prettier-ignore
    expect(events.map(({ attempt, outcome }) => [attempt, outcome])).toEqual(cases.map(([, ...expected]) => expected));
  }); // prettier-ignore

  test("rules about the outcome of requests don't go with it", () => {
    const outcome = [{ when: { status: [200] }, is: "ok" }];
    expect(() => endpointsConfig.parse([{ ...login("shop"), outcome }])).toThrow(/the shop events tell the outcome/);
  });

  test("they have the owner of their class, and are no endpoint", () => {
    const normalizer = aNormalizer({ endpoints: endpointsConfig.parse([login("shop")]) });
    expect(normalizeAll(normalizer, [event("login.failed")]).events[0]).toMatchObject({ owner: "identity" });
    expect(normalizer.endpointsSeen()).toEqual([]);
  });
});

test.for<[string, boolean, string, string, string]>([
  ["is a guess, since it may come from a header that anybody can send", false, "198.51.100.23", "198.51.100.23", "guessed"],
  ["is certain where the source says that it can't be forged", true, "198.51.100.23", "198.51.100.23", "certain"],
  ["that is one of our own is a guess all the same", true, "10.0.0.7", "10.0.0.7", "guessed"],
  ["that is private is a guess all the same", true, "192.168.0.7", "192.168.0.7", "guessed"],
])("the client's address in a shop event %s", ([, trustClientIp, clientIp, expected, trust]) => {
  const sources = new Map([["edge", { gateway: "edge", format: "auto", trustClientIp }]]);
  const normalizer = aNormalizer({ sources, proxies: proxiesConfig.parse({ trusted: ["10.0.0.0/8"] }) });
  const record = JSON.stringify({ event: "login.failed", time: arrivedAt, clientIp });
  expect(normalizeAll(normalizer, [record]).events[0]).toMatchObject({ clientIp: expected, clientIpTrust: trust });
}); // prettier-ignore

test("no field lets a secret through", () => {
  const fields = ["userId", "sessionId", "deviceId", "apiKey", "requestId", "userAgent", "role", "promoCode", "reason",
    "sku", "orderId", "provider", "changed", "cardFingerprint", "cardBin", "giftCardFingerprint", "endpoint", "id"]; // prettier-ignore
  const secrets = [plantedSecrets.jwt, plantedSecrets.card, plantedSecrets.cardWithDashes, plantedSecrets.stripeKey];
  for (const secret of secrets) {
    const told = Object.fromEntries(fields.map((field) => [field, secret]));
    for (const record of [
      { event: "payment.declined", time: arrivedAt, ...told },
      { event: `login.${secret}`, time: arrivedAt },
      { event: `x.${secret}.login.failed`, time: arrivedAt },
      { event: "payment.declined", time: "?", ...told },
      { specversion: "1.0", type: "payment.declined", time: arrivedAt, data: told },
      { event: "news.read", time: arrivedAt, ...told },
    ]) {
      const { events, rejected } = normalizeAll(aNormalizer(), [JSON.stringify(record)]);
      expect(events.length + rejected.length).toBe(1);
      expect(secretsIn(JSON.stringify({ events, rejected }))).toEqual([]);
    }
  }
});

describe("docs/shop-events.md", () => {
  const text = readFileSync(new URL("../../docs/shop-events.md", import.meta.url), "utf8");

  test("has every kind in the column of its outcome", () => {
    const rows = text.split("\n").filter((line) => line.startsWith("| `") && line.split("|").length === 8);
    const documented = rows.flatMap((row) => {
      const [endpointClass = "", ...columns] = row
        .split("|")
        .slice(1)
        .map((cell) => [...cell.matchAll(/`([\w.]+)`/g)]);
      return columns.flatMap((names, i) => names.map(([, name]) => [name, endpointClass[0]?.[1], columnsOf[i]]));
    });
    const known = Object.entries(shopSubjects).flatMap(([subject, { endpointClass, ...by }]) =>
      Object.entries(by).flatMap(([column, verbs]) =>
        verbs.map((verb) => [`${subject}.${verb}`, endpointClass, column]),
      ),
    );
    expect(documented.map(String).toSorted()).toEqual(known.map(String).toSorted());
  });

  test("has every attribute", () => {
    for (const name of shopAttributes) expect(text).toContain(`\`${name}\``);
  });

  test("its examples are read", () => {
    const [example = ""] = /(?<=```json\n)[^`]+/.exec(text) ?? [];
    const { events, rejected } = normalizeAll(aNormalizer(), [example]);
    expect(rejected).toEqual([]);
    expect(events.map(({ route }) => route)).toEqual(["login.failed", "promo.rejected", "stock.reserved"]);
    expect(events[1]?.attributes).toEqual({ promoCode: "SUMMER26", reason: "expired" });
  });
});

const columnsOf = ["ok", "failed", "denied", "limited", "none"];
