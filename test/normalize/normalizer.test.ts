import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createMetrics } from "../../src/metrics.ts";
import { endpointsConfig } from "../../src/normalize/endpoint-config.ts";
import { proxiesConfig } from "../../src/normalize/proxies-config.ts";
import { redactConfig } from "../../src/normalize/normalize-config.ts";
import { arrivedAt, aNormalizer, normalizeAll } from "../support/normalizing.ts";

const at = (ms: number) => (ms / 1000).toFixed(3);

/** One line of nginx-json; `fields` says what is different. */
function line(fields: Record<string, unknown> = {}): string {
  return JSON.stringify({
    msec: at(arrivedAt - 1000),
    request_time: 0.054,
    remote_addr: "198.51.100.23",
    method: "POST",
    host: "api.shop.example",
    uri: "/api/login",
    status: 401,
    upstream_status: "401",
    ...fields,
  });
}

const combined = `198.51.100.23 - - [22/Aug/2026:09:14:07 +0000] "POST /v1/login HTTP/1.1" 401 88 "-" "curl"`;

describe("the format of a source", () => {
  test("is found over the first records, even with garbage before and between", () => {
    const normalizer = aNormalizer();
    const garbage = Array.from({ length: 50 }, (_, i) => `garbage ${i}`);
    const { events, rejected } = normalizeAll(normalizer, [...garbage, line(), "{", "", line()]);
    expect(events).toHaveLength(2);
    expect(rejected.map(({ reason }) => reason)).toEqual([...garbage.map(() => "unknown_format"), "not_json", "empty"]);
    expect(normalizer.formatOf("edge")).toBe("nginx-json");
  });

  test("is kept: a line of another format is rejected, not guessed", () => {
    const normalizer = aNormalizer();
    const { events, rejected } = normalizeAll(normalizer, [line(), combined, line()]);
    expect(events).toHaveLength(2);
    expect(rejected).toMatchObject([{ reason: "format_changed", format: "nginx-json", offset: 1 }]);
  });

  test("is found anew after twenty in a row of another one", () => {
    const normalizer = aNormalizer();
    normalizeAll(normalizer, [line()]);
    const { events, rejected } = normalizeAll(
      normalizer,
      Array.from({ length: 30 }, () => combined),
    );
    expect(rejected).toHaveLength(19);
    expect(new Set(rejected.map(({ reason }) => reason))).toEqual(new Set(["format_changed"]));
    expect(events).toHaveLength(11);
    expect(normalizer.formatOf("edge")).toBe("nginx-combined");
  });

  test("named by the configuration never changes", () => {
    const normalizer = aNormalizer({ format: "nginx-json" });
    const { rejected } = normalizeAll(
      normalizer,
      Array.from({ length: 30 }, () => combined),
    );
    expect(new Set(rejected.map(({ reason }) => reason))).toEqual(new Set(["not_json"]));
    expect(normalizer.formatOf("edge")).toBe("nginx-json");
  });

  test("that does not exist is an error", () => {
    expect(() => aNormalizer({ format: "nginx-jsno" })).toThrow("there is no format nginx-jsno");
  });
});

describe("several entries in one record have the record's offset", () => {
  test.for([
    ["a JSON array", `[${line()},${line()}]`],
    ["NDJSON", `${line()}\n${line()}\n`],
    ["NDJSON with carriage returns", `${line()}\r\n\r\n${line()}`],
    ["arrays line by line", `[${line()}]\n[${line()}]`],
  ] as const)("%s", ([, record]) => {
    const { events, offsets } = normalizeAll(aNormalizer(), [line(), record]);
    expect(events).toHaveLength(3);
    expect(offsets).toEqual([0, 1, 1]);
  });

  test("lines of text", () => {
    expect(normalizeAll(aNormalizer(), [`${combined}\n${combined}`]).events).toHaveLength(2);
  });

  test("beyond ten thousand the rest is rejected, and said so", () => {
    const { events, rejected } = normalizeAll(aNormalizer(), [
      `[${Array.from({ length: 10_003 }, () => line()).join()}]`,
    ]);
    expect(events).toHaveLength(10_000);
    expect(rejected).toMatchObject([
      { reason: "too_long", detail: expect.stringContaining("3 are not read") as string },
    ]);
  });
});

test.for([
  ["white space", " \n\t", "empty"],
  ["an empty array", "[]", "empty"],
  ["half an object", '{"msec":', "not_json"],
  ["a number", "17", "not_json"],
  ["numbers in an array", "[1]", "not_an_object"],
  ["arrays in an array", "[[[]]]", "too_deep"],
  ["deep nesting", "[".repeat(100_000), "not_json"],
  ["deep nesting that ends", `${"[".repeat(100_000)}${"]".repeat(100_000)}`, "too_deep"],
  ["deep objects", `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`, "no_time"],
  ["no time", line({ msec: undefined }), "no_time"],
  ["a time before 2000", line({ msec: "1.000" }), "bad_time"],
  ["a huge time", line({ msec: 1e300 }), "bad_time"],
  ["no status", line({ status: undefined }), "no_status"],
  ["a negative status", line({ status: -1 }), "bad_status"],
  ["a broken status", line({ status: 200.5 }), "bad_status"],
  ["no method", line({ method: undefined }), "no_method"],
  ["a binary method", line({ method: "\u0016\u0003" }), "no_method"],
  ["no path", line({ uri: "" }), "no_path"],
  ["a duration of a year", line({ request_time: 31_536_000 }), "bad_field"],
  ["a duration in words", line({ request_time: "long" }), "bad_field"],
  ["negative bytes", line({ bytes_sent: -5 }), "bad_field"],
] as const)("%s is rejected as %s", ([, record, reason]) => {
  const { events, rejected } = normalizeAll(aNormalizer({ format: "nginx-json" }), [record]);
  expect(events).toEqual([]);
  expect(rejected.map((one) => one.reason)).toEqual([reason]);
  expect(rejected[0]?.head.length).toBeLessThanOrEqual(300);
}); // prettier-ignore

test("a missing number that nginx left out without quotes is mended", () => {
  const record = line().replace('"request_time":0.054', '"request_time":');
  const [event] = normalizeAll(aNormalizer({ format: "nginx-json" }), [record]).events;
  expect(event).toMatchObject({ status: 401, durationMs: undefined });
});

test("what a source refused is rejected with its reason", () => {
  const refused = [{ offset: 7, reason: "too_long", head: '{"password":"hunter2' }] as const;
  const batch = { source: "edge", partition: "p", records: [], offsets: [], refused, next: 8, receivedAt: arrivedAt };
  expect(aNormalizer().normalize(batch).rejected).toMatchObject([
    { offset: 7, reason: "too_long", head: '{"password":"{cut}' },
  ]);
});

describe("an event from the future", () => {
  const ahead = (minutes: number) => line({ msec: at(arrivedAt + minutes * 60_000) });

  test("by up to five minutes is believed", () => {
    expect(normalizeAll(aNormalizer(), [ahead(5)]).events[0]?.time).toBe(arrivedAt + 300_000);
  });

  test("is set to when the transport took it, so that a replay does the same", () => {
    const { events } = normalizeAll(aNormalizer(), [ahead(60), ahead(60)], [arrivedAt - 777, -1]);
    expect(events.map(({ time }) => time)).toEqual([arrivedAt - 777, arrivedAt]);
    expect(events[0]?.startedAt).toBe(arrivedAt - 777 - 54);
  });
});

describe("endpoints", () => {
  const endpoints = endpointsConfig.parse([
    {
      method: "POST",
      route: "/api/login",
      class: "login",
      owner: "identity",
      outcome: [{ when: { status: [200], attribute: { loginResult: "failed" } }, is: "failed" }],
    },
    { method: "POST", route: "/graphql", class: "other" },
    { method: "POST", route: "/graphql", operation: "Login", class: "login" },
  ]);

  test("give class, owner and outcome", () => {
    const record = line({ status: 200, attributes: { loginResult: "failed" } });
    expect(normalizeAll(aNormalizer({ endpoints }), [record]).events[0]).toMatchObject({
      route: "/api/login",
      endpointClass: "login",
      owner: "identity",
      outcome: "failed",
    });
  });

  test.for([
    ["a key of the log", { uri: "/graphql", operation: "Login" }],
    ["an attribute", { uri: "/graphql", attributes: { operationName: "Login" } }],
    ["the query", { uri: "/graphql?operationName=Login&query=x" }],
  ] as const)("are told apart by the operation in %s", ([, fields]) => {
    const [event] = normalizeAll(aNormalizer({ endpoints }), [line({ ...fields, status: 200 })]).events;
    expect(event?.endpointClass).toBe("login");
  });

  test("what was learned of routes stays over a change and a restart", () => {
    const first = aNormalizer();
    normalizeAll(first, [line({ uri: "/about/us", status: 200 })]);
    first.update({ endpoints, proxies: proxiesConfig.parse({}), redact: redactConfig.parse({}) });
    const restarted = aNormalizer({ learned: first.learnedRoutes() });
    for (const normalizer of [first, restarted]) {
      const missing = ["/about/us", "/about/them"].map((uri) => line({ uri, status: 404 }));
      expect(normalizeAll(normalizer, missing).events.map(({ route }) => route)).toEqual([
        "/about/us",
        "/about/{unknown}",
      ]);
    }
  });

  test("a method that a POST asks for in its query is seen, and decides nothing", () => {
    const record = line({ method: "POST", uri: "/api/login?_method=delete" });
    expect(normalizeAll(aNormalizer({ endpoints }), [record]).events[0]).toMatchObject({
      method: "POST",
      methodOverride: "DELETE",
      endpointClass: "login",
    });
  });

  test("query values tell them apart, and are not kept", () => {
    const normalizer = aNormalizer({
      endpoints: endpointsConfig.parse([
        { method: "ANY", route: "/", query: { "wc-ajax": "checkout" }, class: "checkout", owner: "shop" },
        { method: "ANY", route: "/", class: "catalog" },
      ]),
    });
    const records = ["/?wc-ajax=checkout&email=a@b.example", "/?wc-ajax=get_refreshed_fragments", "/"];
    const { events } = normalizeAll(
      normalizer,
      records.map((uri) => line({ uri })),
    );
    expect(events.map(({ route, endpointClass, owner, path }) => [route, endpointClass, owner, path])).toEqual([
      ["/?wc-ajax=checkout", "checkout", "shop", "/"],
      ["/", "catalog", undefined, "/"],
      ["/", "catalog", undefined, "/"],
    ]);
    expect(JSON.stringify(events)).not.toContain("b.example");
  });

  test("change with the configuration, and so do proxies and redaction", () => {
    const normalizer = aNormalizer();
    const record = line({ uri: "/x", remote_addr: "10.0.0.4", xff: "203.0.113.9", attributes: { voucher: "v" } });
    expect(normalizeAll(normalizer, [record]).events[0]).toMatchObject({
      clientIpTrust: "guessed",
      attributes: { voucher: "v" },
    });
    normalizer.update({
      endpoints: endpointsConfig.parse([{ method: "POST", route: "/x", class: "promo" }]),
      proxies: proxiesConfig.parse({ trusted: ["10.0.0.0/8"] }),
      redact: redactConfig.parse({ parameters: ["voucher"] }),
    });
    expect(normalizeAll(normalizer, [record]).events[0]).toMatchObject({
      endpointClass: "promo",
      clientIp: "203.0.113.9",
      clientIpTrust: "certain",
      attributes: undefined,
    });
  });
});

describe("where a client is", () => {
  const place = { country: "BR", latitude: -23.5, longitude: -46.6, asn: 64500 };
  const asked: string[] = [];
  const geo = { lookup: (ip: string) => (asked.push(ip), place) };
  const eventOf = (fields: Record<string, unknown>) => normalizeAll(aNormalizer({ geo }), [line(fields)]).events[0];

  test("comes from the database when the log is silent", () => {
    expect(eventOf({})).toMatchObject(place);
  });

  test("comes from the log if it has it; coordinates only fit the same country", () => {
    expect(eventOf({ country: "de" })).toMatchObject({ country: "DE", latitude: undefined });
    expect(eventOf({ country: "BR" })).toMatchObject({ country: "BR", latitude: -23.5 });
  });

  test("is asked for the /64 of an IPv6 client, and not for browsing or private addresses", () => {
    asked.length = 0;
    eventOf({ remote_addr: "2001:db8:4:8a::19" });
    eventOf({ uri: "/api/products/1" });
    eventOf({ remote_addr: "192.168.0.1" });
    expect(asked).toEqual(["2001:db8:4:8a::"]);
  });
});

test("coverage says how many events had each field", () => {
  const normalizer = aNormalizer();
  normalizeAll(normalizer, [line(), line({ user: "anna" }), line({ remote_addr: "10.0.0.1", status: 404, uri: "/x" })]);
  expect(normalizer.coverage()).toMatchObject([
    {
      source: "edge",
      format: "nginx-json",
      events: 3,
      certainClients: 2,
      withField: { time: 3, status: 3, clientIp: 3, userId: 1, durationMs: 3, country: 0, outcome: 2 },
    },
  ]);
});

test("what is counted is in the metrics", async () => {
  const metrics = createMetrics();
  normalizeAll(aNormalizer({ metrics }), [line(), line({ msec: at(arrivedAt + 3_600_000) }), "{", "}{"]);
  const text = await metrics.registry.metrics();
  expect(text).toContain('gatewatch_normalize_events_total{source="edge"} 2');
  expect(text).toContain('gatewatch_normalize_rejected_total{source="edge",reason="not_json"} 2');
  expect(text).toContain('gatewatch_normalize_clamped_total{source="edge"} 1');
  expect(text).toContain("gatewatch_normalize_endpoints 1");
});

test("whatever the bytes, every record becomes events or is rejected", () => {
  const normalizer = aNormalizer();
  normalizeAll(normalizer, [line()]);
  const anything = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString("utf8")),
    fc.json(),
    fc.tuple(fc.nat(400), fc.string()).map(([at, text]) => line().slice(0, at) + text + line().slice(at)),
  );
  fc.assert(
    fc.property(fc.array(anything, { minLength: 1, maxLength: 5 }), (records) => {
      const { events, offsets, rejected } = normalizeAll(normalizer, records);
      const told = new Set([...offsets, ...rejected.map(({ offset }) => offset)]);
      expect(told.size).toBe(records.length);
      expect(events).toHaveLength(offsets.length);
    }),
    { numRuns: 500 },
  );
});
