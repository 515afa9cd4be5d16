import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { Decision } from "../../src/block/decision.ts";
import { createCrowdsecServer } from "../../src/block/crowdsec-server.ts";
import type { CrowdsecConfig } from "../../src/block/block-config.ts";
import { goDuration } from "../../src/block/go-duration.ts";
import { DecisionLedger } from "../../src/block/ledger.ts";
import { silentLog } from "../../src/log.ts";
import { createMetrics } from "../../src/metrics.ts";
import { TestClock } from "../support/test-clock.ts";
import { aDecision } from "./a-decision.ts";

const minute = 60_000;
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

interface Told {
  readonly type: string;
  readonly scope: string;
  readonly value: string;
  readonly duration: string;
}

function bouncing(types: CrowdsecConfig["types"] = ["ban", "captcha"]) {
  const clock = new TestClock();
  const ledger = new DecisionLedger({ clock });
  const keys = [
    { name: "nginx", sha256: sha256("key-of-nginx") },
    { name: "haproxy", sha256: sha256("key-of-haproxy") },
  ];
  const server = createCrowdsecServer({ ledger, keys, types, clock, metrics: createMetrics(), log: silentLog });
  const ask = (
    url: string,
    more: {
      method?: "GET" | "HEAD" | "POST";
      key?: string;
      from?: string;
      payload?: Buffer;
      headers?: Record<string, string>;
    } = {},
  ) =>
    server.inject({
      method: more.method ?? "GET",
      url,
      remoteAddress: more.from ?? "192.0.2.1",
      headers: { "x-api-key": more.key ?? "key-of-nginx", "user-agent": "a-bouncer/v1.0", ...more.headers },
      payload: more.payload,
    });
  const short = (told: Told[] | null) => told && told.map(({ type, scope, value }) => `${type} ${scope} ${value}`);
  return {
    clock,
    ledger,
    ask,
    list: async (query = "") => short((await ask(`/v1/decisions${query}`)).json()),
    stream: async (query = "", more: Parameters<typeof ask>[1] = {}) => {
      const body = (await ask(`/v1/decisions/stream${query}`, more)).json();
      return [short(body.new), short(body.deleted)];
    },
  };
}

const lift = (decision: Decision, at: number): Decision => ({
  ...decision,
  version: decision.version + 1,
  state: "lifted",
  liftedBy: "alice",
  liftedAt: at,
});

describe("who may ask", () => {
  test.for([
    ["GET", "/v1/decisions"],
    ["HEAD", "/v1/decisions"],
    ["GET", "/v1/decisions/stream"],
    ["HEAD", "/v1/decisions/stream"],
    ["POST", "/v1/usage-metrics"],
    ["GET", "/v1/heartbeat"],
  ] as const)("%s %s needs a key", async ([method, url]) => {
    const { ask } = bouncing();
    for (const key of ["wrong", "", sha256("key-of-nginx")]) {
      const answer = await ask(url, { method, key });
      expect(answer.statusCode).toBe(403);
      expect(answer.body).toBe(method === "HEAD" ? "" : '{"message":"access forbidden"}');
    }
    expect((await ask(url, { method, key: "key-of-haproxy" })).statusCode).toBeLessThan(300);
  });

  test("/health needs none", async () => {
    const { ask } = bouncing();
    expect((await ask("/health", { key: "wrong" })).statusCode).toBe(200);
  });
});

describe("a decision", () => {
  test("is written as bouncers expect it", async () => {
    const { ask, ledger } = bouncing();
    ledger.put(aDecision({ id: 2337, uuid: "u-1", until: Date.parse("2026-08-22T12:59:10.000Z") }));
    expect((await ask("/v1/decisions")).json()).toEqual([
      { id: 2337, uuid: "u-1", origin: "gatewatch", type: "ban", scope: "Ip", value: "203.0.113.7", duration: "3h59m10s", scenario: "gatewatch/credential-stuffing" },
    ]); // prettier-ignore
  });

  test.for([
    ["ip", "203.0.113.7", "Ip"],
    ["range", "2001:db8::/64", "Range"],
    ["country", "AQ", "Country"],
    ["as", "64500", "AS"],
    ["user", "alice", "user"],
  ] as const)("scope %s of %s is %s", async ([scope, value, written]) => {
    const { ledger, list } = bouncing();
    ledger.put(aDecision({ scope, value }));
    expect(await list()).toEqual([`ban ${written} ${value}`]);
  });

  test.for([
    [0, "0s"],
    [1, "1s"],
    [59_999, "1m0s"],
    [3_600_000, "1h0m0s"],
    [4 * 3_600_000 - 50_000, "3h59m10s"],
    [-1, "-1s"],
    [-90_000, "-1m30s"],
  ] as const)("%i ms are %s", ([ms, text]) => {
    expect(goDuration(ms)).toBe(text);
  });

  test("none at all is the literal null", async () => {
    const { ask } = bouncing();
    const answer = await ask("/v1/decisions?ip=203.0.113.7");
    expect([answer.statusCode, answer.body]).toEqual([200, "null"]);
    expect(answer.headers["content-type"]).toMatch(/^application\/json/);
    expect((await ask("/v1/decisions/stream?startup=true")).body).toBe('{"new":null,"deleted":null}');
  });

  test("dry runs, asked ones and throttles are left out, throttles unless the configuration names them", async () => {
    const all = [aDecision({ dryRun: true }), aDecision({ state: "asked" }), aDecision({ action: "throttle" })];
    const { ledger, list } = bouncing();
    ledger.put(...all);
    expect(await list()).toBeNull();
    const throttling = bouncing(["ban", "captcha", "throttle"]);
    throttling.ledger.put(...all);
    expect(await throttling.list()).toEqual(["throttle Ip 203.0.113.7"]);
  });
});

describe("GET /v1/decisions", () => {
  test.for([
    ["all", "", ["ban Ip 203.0.113.7", "ban Range 203.0.113.0/24", "captcha Ip 198.51.100.1", "ban Country AQ"]],
    ["around an address", "?ip=203.0.113.7", ["ban Ip 203.0.113.7", "ban Range 203.0.113.0/24"]],
    ["around another address", "?ip=203.0.113.8", ["ban Range 203.0.113.0/24"]],
    ["around a range", "?range=203.0.113.0/25", ["ban Range 203.0.113.0/24"]],
    ["inside a range", "?range=203.0.112.0/20&contains=false", ["ban Ip 203.0.113.7", "ban Range 203.0.113.0/24"]],
    ["around an address nobody decided about", "?ip=192.0.2.1", null],
    ["a scope", "?scope=country", ["ban Country AQ"]],
    ["scopes", "?scopes=Country,range", ["ban Range 203.0.113.0/24", "ban Country AQ"]],
    ["a value", "?value=198.51.100.1", ["captcha Ip 198.51.100.1"]],
    ["a type", "?type=captcha", ["captcha Ip 198.51.100.1"]],
    ["an origin", "?origins=gatewatch-manual", ["ban Country AQ"]],
    ["another origin", "?origins=CAPI,lists", null],
    ["scenarios with a word", "?scenarios_containing=Stuffing,other", ["ban Ip 203.0.113.7", "ban Range 203.0.113.0/24", "captcha Ip 198.51.100.1"]],
    ["scenarios without a word", "?scenarios_not_containing=stuffing", ["ban Country AQ"]],
    ["parameters nobody knows", "?limit=3&community_pull=true&value=198.51.100.1", ["captcha Ip 198.51.100.1"]],
  ] as const)("%s", async ([, query, expected]) => {
    const { ledger, list } = bouncing();
    ledger.put(
      aDecision(),
      aDecision({ scope: "range", value: "203.0.113.0/24" }),
      aDecision({ action: "captcha", value: "198.51.100.1" }),
      aDecision({ scope: "country", value: "AQ", origin: "manual", runbook: undefined }),
    );
    const found = await list(query);
    expect(found?.sort() ?? null).toEqual(expected && [...expected].sort());
  }); // prettier-ignore

  test("what is no address is refused", async () => {
    const { ask } = bouncing();
    expect((await ask("/v1/decisions?ip=everyone")).statusCode).toBe(400);
  });
});

describe("GET /v1/decisions/stream", () => {
  test("startup tells all, a delta what came and what ended", async () => {
    const { ledger, clock, stream } = bouncing();
    const first = aDecision();
    ledger.put(first);
    expect(await stream("?startup=true")).toEqual([["ban Ip 203.0.113.7"], null]);
    expect(await stream("?community_pull=true&additional_pull=false")).toEqual([null, null]);
    await clock.advance(10_000);
    ledger.put(aDecision({ value: "198.51.100.1" }), lift(first, clock.now()));
    await clock.advance(3_000);
    expect(await stream()).toEqual([["ban Ip 198.51.100.1"], ["ban Ip 203.0.113.7"]]);
    await clock.advance(10_000);
    expect(await stream()).toEqual([null, null]);
    expect(await stream("?startup=true")).toEqual([["ban Ip 198.51.100.1"], ["ban Ip 203.0.113.7"]]);
  });

  test("an end is told again within two seconds, negative and in whole seconds", async () => {
    const { ledger, clock, ask, stream } = bouncing();
    const decision = aDecision();
    ledger.put(decision);
    await stream("?startup=true");
    ledger.put(lift(decision, clock.now()));
    await clock.advance(1_500);
    expect((await ask("/v1/decisions/stream")).json().deleted).toMatchObject([{ duration: "-2s" }]);
    expect((await ask("/v1/decisions/stream")).json().deleted).toHaveLength(1);
    await clock.advance(2_001);
    expect((await ask("/v1/decisions/stream")).json().deleted).toHaveLength(1);
    expect((await ask("/v1/decisions/stream")).json().deleted).toBeNull();
  });

  test("a decision that runs out is told as deleted", async () => {
    const { ledger, clock, stream } = bouncing();
    ledger.put(aDecision({ until: clock.now() + minute }));
    await stream("?startup=true");
    await clock.advance(minute);
    ledger.expire();
    expect(await stream()).toEqual([null, ["ban Ip 203.0.113.7"]]);
  });

  test("one that is made to last longer is told anew", async () => {
    const { ledger, ask } = bouncing();
    const decision = aDecision();
    ledger.put(decision);
    await ask("/v1/decisions/stream?startup=true");
    ledger.put({ ...decision, version: 2, until: decision.until + 15 * minute });
    expect((await ask("/v1/decisions/stream")).json().new).toMatchObject([{ id: decision.id, duration: "30m0s" }]);
  });

  test("addresses and ranges only, unless asked for more", async () => {
    const { ledger, stream } = bouncing();
    ledger.put(aDecision({ scope: "country", value: "AQ" }), aDecision({ scope: "user", value: "alice" }), aDecision());
    expect(await stream("?startup=true")).toEqual([["ban Ip 203.0.113.7"], null]);
    expect(await stream("?startup=true&scopes=ip,range,as,country")).toEqual([
      ["ban Country AQ", "ban Ip 203.0.113.7"],
      null,
    ]);
  });

  test("each bouncer and each replica behind one key has its own place", async () => {
    const { ledger, stream } = bouncing();
    ledger.put(aDecision());
    const all = [["ban Ip 203.0.113.7"], null];
    expect(await stream()).toEqual(all);
    expect(await stream("", { from: "192.0.2.2" })).toEqual(all);
    expect(await stream("", { key: "key-of-haproxy" })).toEqual(all);
    expect(await stream()).toEqual([null, null]);
  });

  test("an answer that failed doesn't move the place", async () => {
    const { ledger, ask, stream } = bouncing();
    ledger.put(aDecision());
    const working = ledger.noLongerServed.bind(ledger);
    ledger.noLongerServed = () => {
      throw new Error("a bug");
    };
    expect((await ask("/v1/decisions/stream")).json()).toEqual({ message: "internal error" });
    ledger.noLongerServed = working;
    expect(await stream()).toEqual([["ban Ip 203.0.113.7"], null]);
  });

  test("HEAD doesn't move the place", async () => {
    const { ledger, ask, stream } = bouncing();
    ledger.put(aDecision());
    await stream("?startup=true");
    ledger.put(aDecision({ value: "198.51.100.1" }));
    const head = await ask("/v1/decisions/stream", { method: "HEAD" });
    expect([head.statusCode, head.body]).toEqual([200, ""]);
    expect(await stream()).toEqual([["ban Ip 198.51.100.1"], null]);
  });

  test("of several on one target, the one that lasts longest", async () => {
    const { ledger, clock, ask, stream } = bouncing();
    const long = aDecision({ until: clock.now() + 60 * minute });
    ledger.put(long, aDecision({ until: clock.now() + 5 * minute }));
    expect((await ask("/v1/decisions/stream?startup=true")).json().new).toMatchObject([
      { id: long.id, duration: "1h0m0s" },
    ]);
    ledger.put(aDecision({ until: clock.now() + 10 * minute }));
    expect(await stream()).toEqual([null, null]);
    expect((await ask("/v1/decisions/stream?startup=true&dedup=false")).json().new).toHaveLength(3);
  });

  test("an end is withheld while another decision as hard holds", async () => {
    const { ledger, clock, stream } = bouncing();
    const short = aDecision({ until: clock.now() + minute });
    const captcha = aDecision({ action: "captcha", until: clock.now() + minute, value: "198.51.100.1" });
    ledger.put(short, captcha);
    await stream("?startup=true");
    ledger.put(aDecision({ until: clock.now() + 60 * minute }), aDecision({ value: "198.51.100.1" }));
    await stream();
    await clock.advance(minute);
    ledger.expire();
    expect(await stream()).toEqual([null, null]);
  });

  test("a ban's end is told when only a captcha is left", async () => {
    const { ledger, clock, stream } = bouncing();
    const ban = aDecision();
    ledger.put(ban, aDecision({ action: "captcha" }));
    await stream("?startup=true");
    ledger.put(lift(ban, clock.now()));
    expect(await stream()).toEqual([null, ["ban Ip 203.0.113.7"]]);
  });

  test("stop-blocking empties bouncers, and taking it up fills them again", async () => {
    const { ledger, clock, stream } = bouncing();
    ledger.put(aDecision());
    await stream("?startup=true");
    await clock.advance(10_000);
    ledger.setServing(false);
    await clock.advance(3_000);
    expect(await stream()).toEqual([null, ["ban Ip 203.0.113.7"]]);
    await clock.advance(10_000);
    expect(await stream()).toEqual([null, null]);
    expect(await stream("?startup=true")).toEqual([null, ["ban Ip 203.0.113.7"]]);
    await clock.advance(10_000);
    ledger.setServing(true);
    expect(await stream()).toEqual([["ban Ip 203.0.113.7"], null]);
  });
});

describe("POST /v1/usage-metrics", () => {
  test.for([
    ["plain", {}, (text: string) => Buffer.from(text)],
    ["gzip", { "content-encoding": "gzip" }, (text: string) => gzipSync(text)],
  ] as const)("%s: 201 and an empty body", async ([, headers, pack]) => {
    const { ask } = bouncing();
    const payload = pack(JSON.stringify({ remediation_components: [{ name: "nginx", metrics: [] }] }));
    const answer = await ask("/v1/usage-metrics", {
      method: "POST",
      payload,
      headers: { "content-type": "application/json", ...headers },
    });
    expect([answer.statusCode, answer.body]).toEqual([201, ""]);
  });

  test("a body of many megabytes is refused", async () => {
    const { ask } = bouncing();
    const answer = await ask("/v1/usage-metrics", { method: "POST", payload: Buffer.alloc(2 * 1024 ** 2), headers: { "content-type": "application/json" } }); // prettier-ignore
    expect(answer.statusCode).toBe(413);
  });
});

test("what isn't there is 404, also for those with a key only", async () => {
  const { ask } = bouncing();
  expect((await ask("/v1/alerts")).statusCode).toBe(404);
});
