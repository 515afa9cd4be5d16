import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { baselineFiles } from "../../src/baseline-tables.ts";
import { BaselineLearner } from "../../src/baseline-learner.ts";
import { systemClock } from "../../src/clock.ts";
import { Baselines } from "../../src/detect/baselines.ts";
import { hourMs } from "../../src/detect/hour-of-week.ts";
import { silentLog } from "../../src/log.ts";
import { createMetrics } from "../../src/metrics.ts";
import { readActorDay } from "../../src/store/actor-days.ts";
import { detectionRow } from "../../src/store/detection-row.ts";
import { readEndpointHours, readFreezes } from "../../src/store/endpoint-hours.ts";
import type { Store } from "../../src/store/store.ts";
import { aDetection } from "../support/a-detection.ts";
import { ClickHouseHttp } from "../support/clickhouse-http.ts";
import { openTestStore } from "../support/open-test-store.ts";
import { aMinuteRow } from "../support/store-rows.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";
import { TestClock } from "../support/test-clock.ts";

/** The end of the last whole hour, counted from the epoch: rows have to be younger than their time to live. */
const to = Math.floor(systemClock.now() / hourMs);

/** A minute of a route, `before` minutes before the last whole hour's end. */
function minute(before: number, figures: Partial<ReturnType<typeof aMinuteRow>>, version = 1) {
  return { ...aMinuteRow(1, version), minute: to * hourMs - before * 60_000, ...figures };
}

describe.each(["embedded", "server"] as const)("learned from the store: %s", (type) => {
  const { directory, remove } = makeTemporaryDirectory();
  let store: Store;
  let server: ClickHouseHttp | undefined;

  beforeAll(async () => {
    server = type === "server" ? await ClickHouseHttp.start(directory) : undefined;
    store = await openTestStore(directory, server ? { type, url: server.url, database: "usual" } : { type });
  });

  afterAll(async () => {
    await store.close();
    await server?.stop();
    remove();
  });

  test("what hours were like, by place: the newest version of each row, without our own blocks", async () => {
    const login = { route: "/api/login", method: "POST", endpointClass: "login" };
    const latencyBuckets = Array.from({ length: 17 }, (_, i) => (i === 8 ? 60 : 0));
    await store.write("endpoint_minutes", [
      // Sixty requests a minute, a tenth of them blocked by us, and a fifth of the rest failing.
      ...Array.from({ length: 60 }, (_, i) =>
        minute(i + 1, { ...login, requests: 70, enforced: 10, s5xx: 12, limited: 6, latencyBuckets }, 2),
      ),
      ...Array.from({ length: 60 }, (_, i) => minute(i + 1, { ...login, requests: 9_999 })),
      // Ten minutes of the hour with ten times as much, at another gateway, from two countries.
      ...["DE", "FR"].flatMap((country) =>
        Array.from({ length: 10 }, (_, i) => minute(60 - i, { ...login, country, gateway: "app", requests: 300 })),
      ),
      minute(61, { route: "/api/cart", endpointClass: "cart", requests: 3 }),
      minute(5, { route: "login.failed", method: "EVENT", endpointClass: "login", requests: 0, failed: 5 }),
    ]);
    await store.flush();

    const hours = await readEndpointHours(store, { from: to - 3, to });
    expect([...hours.keys()]).toEqual([to - 2, to - 1]);
    const last = new Map(hours.get(to - 1)!.map((one) => [JSON.stringify(one.place), one]));
    const usual = { requests: 60, within: 0, errors: expect.closeTo(740 / 9600, 5), p90Ms: expect.closeTo(454.6, 1) };
    expect(last.get('{"route":"/api/login"}')).toMatchObject({ ...usual, endpointClass: "login" });
    expect(last.get('{"endpointClass":"login"}')).toMatchObject(usual);
    expect(last.get("{}")).toMatchObject({ requests: 60 });
    expect(last.get('{"gateway":"edge"}')).toMatchObject({ requests: 60, errors: expect.closeTo(0.2, 5) });
    expect(last.get('{"gateway":"app","endpointClass":"login"}')).toMatchObject({ requests: 0 });
    expect(hours.get(to - 1)!.some(({ place }) => place.route === "login.failed")).toBe(false);
    expect(hours.get(to - 2)!.find(({ place }) => place.route === "/api/cart")).toMatchObject({
      ...{ requests: 0, errors: NaN, p90Ms: NaN },
    });
  });

  test("when something was wrong, and where", async () => {
    const at = { firstSeen: (to - 2) * hourMs, lastSeen: (to - 1) * hourMs, firedAt: (to - 2) * hourMs };
    const detections = [
      aDetection({ id: "of-a-client", ...at }),
      aDetection({ id: "of-a-route", ...at, detector: "endpoint-errors", key: { route: "/api/cart" }, route: "/api/cart", endpointClass: "cart" }),
      aDetection({ id: "of-a-gateway", ...at, detector: "traffic-level", key: { gateway: "edge" } }),
      aDetection({ id: "of-no-class", ...at, endpointClass: "other", route: "/api/ping" }),
      aDetection({ id: "silent", ...at, detector: "gatewatch-source-silent", origin: "service", key: { source: "edge" }, endpointClass: undefined, route: undefined }),
      aDetection({ id: "low", ...at, severity: "low" }),
      aDetection({ id: "on-trial", ...at, mode: "dry-run" }),
      aDetection({ id: "not-so", ...at, state: "unconfirmed" }),
      aDetection({ id: "of-gatewatch", ...at, origin: "service", detector: "gatewatch-store-failing" }),
      aDetection({ id: "long-ago", firstSeen: (to - 90) * hourMs, lastSeen: (to - 80) * hourMs }),
    ]; // prettier-ignore
    await store.save(detections.map(detectionRow));
    await store.flush();
    const freezes = await readFreezes(store, { from: to - 24, to });
    expect(freezes.every(({ from }) => from === at.firstSeen)).toBe(true);
    expect(freezes.map(({ place }) => JSON.stringify(place)).sort()).toEqual(
      [
        '{"endpointClass":"login"}',
        '{"route":"/api/cart","endpointClass":"cart"}',
        '{"endpointClass":"login","gateway":"edge"}',
        '{"route":"/api/ping"}',
        "{}",
      ].sort(),
    );
  });

  test("what 99 of 100 users ask for in ten minutes, by class", async () => {
    const day = Math.floor(to / 24) - 1;
    const at = (minutes: number) => (day * 24 * 60 + minutes) * 60_000;
    const seen = { method: "POST", gateway: "edge", firstSeen: at(0), lastSeen: at(0), owner: "", listed: null };
    await store.write("endpoints_seen", [
      { ...seen, route: "/cart", endpointClass: "cart" },
      { ...seen, route: "/cart/items", endpointClass: "cart" },
      { ...seen, route: "/search", endpointClass: "search" },
    ]);
    const row = (actor: string, route: string, minutes: number, requests: number) => ({
      ...{ minute: at(minutes), partition: "p0", part: 0, version: 1, failures: 0, refusals: 0 },
      ...{ actor, route, requests },
    });
    await store.write("actor_minutes", [
      // Sixty users: some requests, in two routes of a class and two minutes of the same ten, more than in others.
      ...Array.from({ length: 60 }, (_, i) => `user:${i}`).flatMap((actor, i) => [
        row(actor, "/cart", 601, i),
        row(actor, "/cart/items", 609, 5),
        row(actor, "/cart", 611, 4),
      ]),
      row("user:59", "/cart", 700, 9_000),
      { ...row("user:58", "/cart", 700, 500), refusals: 499 },
      row("other", "/cart", 700, 90_000),
      ...Array.from({ length: 30 }, (_, i) => row(`user:${i}`, "/search", 5, 10)),
    ]);
    await store.flush();
    expect(await readActorDay(store, day, 1)).toEqual(new Map([["cart", 63]]));
    expect(await readActorDay(store, day, 64)).toEqual(new Map());
    expect(await readActorDay(store, day - 9, 1)).toEqual(new Map());
  });

  test("what is usual, from two days of minutes", async () => {
    const days = Array.from({ length: 50 * 60 }, (_, i) =>
      minute(i + 121, { route: "/api/search", endpointClass: "search", requests: i % 2 === 0 ? 100 : 300 }),
    );
    await store.write("endpoint_minutes", days);
    await store.flush();
    const clock = new TestClock(to * hourMs);
    const detect = { baselines: new Baselines(), engine: { sealedUntil: to * hourMs + 600_000 } };
    const learner = new BaselineLearner({
      ...{ store, clock, detect, log: silentLog, metrics: createMetrics() },
      tables: baselineFiles({ directory, log: silentLog }),
      pipeline: { between: (run) => run() },
      config: { detect: { baselines: { weeks: 2, growth: 0.2, timeZone: "UTC" } } },
    });
    for (let i = 0; i < 90 && detect.baselines.newest === undefined; i++) await learner.look();
    detect.baselines.settle(detect.baselines.newest!.holdsFrom);
    expect(detect.baselines.at("requests", { route: "/api/search" }, 20 * hourMs)).toMatchObject({
      ...{ known: true, level: "hour-of-day", samples: 2, median: expect.closeTo(200, 3) },
    });
  });
});
