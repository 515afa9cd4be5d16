import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { baselineFiles } from "../src/baseline-tables.ts";
import { BaselineLearner } from "../src/baseline-learner.ts";
import { Baselines } from "../src/detect/baselines.ts";
import { hourMs } from "../src/detect/hour-of-week.ts";
import { silentLog } from "../src/log.ts";
import { createMetrics } from "../src/metrics.ts";
import { daily, mondayHour } from "./support/baseline-weeks.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";
import { TestClock } from "./support/test-clock.ts";

const start = mondayHour * hourMs;

/** A shop with one login route, whose store knows what each hour had; times count from a Monday at midnight. */
function aShop(options: { dataDirectory: string; requests?: (hour: number) => number }) {
  const clock = new TestClock(start);
  const baselines = new Baselines();
  const engine = { sealedUntil: 0 };
  const asked: [from: number, to: number][] = [];
  const shop = {
    clock,
    baselines,
    asked,
    requests: options.requests ?? ((hour: number) => daily(hour % 24)),
    /** Detections of these hours. */
    incidents: [] as { from: number; to: number }[],
    failing: false,
    store: {
      query: async <Row>(sql: string, params: Readonly<Record<string, unknown>> = {}) => {
        if (shop.failing) throw new Error("timeout");
        if (sql.includes("actor_minutes")) return shop.actors(params) as Row[];
        return (sql.includes("detections") ? shop.detections() : shop.rows(params)) as Row[];
      },
    },
    rows({ from, to }: Readonly<Record<string, unknown>>) {
      const hours = [Number(from) / 3600 - mondayHour, Number(to) / 3600 - mondayHour] as const;
      asked.push([hours[0], hours[1]]);
      const known = Array.from({ length: hours[1] - hours[0] }, (_, i) => hours[0] + i).filter((hour) => hour >= 0);
      return known.map((hour) => ({
        hour: hour + mondayHour,
        ...{ route: "/api/login", gateway: "edge", endpointClass: "login" },
        slices: Array.from({ length: 6 }, () => shop.requests(hour) * 10),
        ...{ errors: shop.requests(hour) * 0.6, limited: 0 },
        latency: Array.from({ length: 17 }, (_, i) => (i === 6 ? shop.requests(hour) * 60 : 0)),
      }));
    },
    /** How many actors a question may be for before it takes too long. */
    actorsAtMost: 1_000,
    days: [] as { day: number; sample: number }[],
    actors({ from, sample }: Readonly<Record<string, unknown>>) {
      if (1_000 / Number(sample) > shop.actorsAtMost) throw new Error("memory limit");
      shop.days.push({ day: Number(from) / 86_400 - mondayHour / 24, sample: Number(sample) });
      return Number(from) * 1000 < start ? [] : [{ class: "login", most: 8 }];
    },
    detections: () =>
      shop.incidents.map(({ from, to }) => ({
        ...{ detector: "traffic-level", keyRoute: "", keyGateway: "edge", first: "/api/login", class: "login" },
        ...{ fromMs: start + from * hourMs, toMs: start + to * hourMs },
      })),
    learner: () =>
      new BaselineLearner({
        ...{ store: shop.store, clock, log: silentLog, metrics: createMetrics() },
        detect: { baselines, engine },
        pipeline: { between: (run) => run() },
        tables: baselineFiles({ directory: options.dataDirectory, log: silentLog }),
        config: { detect: { baselines: { weeks: 4, growth: 0.2, timeZone: "UTC" } } },
      }),
    /** Event time goes on to so many hours after the start; then there is nothing left to learn. */
    async reach(learner: BaselineLearner, hour: number) {
      engine.sealedUntil = start + hour * hourMs + 6 * 60_000;
      const before = baselines.newest;
      for (let i = 0; i < 200 && (baselines.newest === before || i < 3); i++) {
        await clock.advance(600_000);
        await learner.look();
      }
      baselines.settle(engine.sealedUntil + 60_000);
    },
    /** What is usual at an hour after the start. */
    usual(hour: number, place: Parameters<Baselines["at"]>[1] = { route: "/api/login" }) {
      baselines.settle(start + hour * hourMs + 1_800_000);
      return baselines.at("requests", place, 0);
    },
  };
  return shop;
}

describe("learning what is usual", () => {
  test("reads every hour once, a few at a time, and publishes for the next minute", async () => {
    const dataDirectory = temporaryDirectory();
    const shop = aShop({ dataDirectory });
    const learner = shop.learner();
    await learner.look();
    expect(shop.asked).toEqual([]);

    await shop.reach(learner, 50);
    expect(shop.asked[0]).toEqual([50 - 672, 56 - 672]);
    expect(shop.asked.every(([from, to]) => to - from <= 6)).toBe(true);
    expect(shop.asked.at(-1)![1]).toBe(50);
    expect(shop.baselines.newest).toMatchObject({
      learnedTo: mondayHour + 50,
      holdsFrom: start + 50 * hourMs + 7 * 60_000,
    });

    const before = shop.asked.length;
    await shop.reach(learner, 51);
    expect(shop.asked.slice(before)).toEqual([[50, 51]]);
  });

  test("goes from hours to days to weeks, and knows route, class, gateway and site", async () => {
    const shop = aShop({ dataDirectory: temporaryDirectory() });
    const learner = shop.learner();
    const seen: string[] = [];
    for (const hour of [10, 30, 60, 10 * 24, 15 * 24, 22 * 24, 29 * 24]) {
      await shop.reach(learner, hour);
      const { level, confidence, samples } = shop.usual(hour);
      seen.push(`${level} ${confidence} ${samples}`);
    }
    expect(seen).toEqual([
      "unknown low 0",
      "all low 30",
      "hour-of-day low 2",
      "hour-of-day medium 10",
      "hour-of-week medium 2",
      "hour-of-week high 3",
      "hour-of-week high 4",
    ]);
    for (const place of [{}, { gateway: "edge" }, { endpointClass: "login" } as const, { route: "/api/login" }]) {
      expect(shop.usual(29 * 24 + 9, place).median).toBeCloseTo(daily(9), 0);
    }
    expect(shop.usual(29 * 24, { route: "/api/cart" }).known).toBe(false);
  });

  test("a slow ramp teaches no more than a fifth a week", async () => {
    const ramp = (hour: number) => 100 * 1.02 ** Math.max(0, hour - 4 * 168);
    const shop = aShop({ dataDirectory: temporaryDirectory(), requests: ramp });
    const learner = shop.learner();
    await shop.reach(learner, 4 * 168);
    expect(shop.usual(4 * 168).median).toBeCloseTo(100, 0);
    for (let day = 1; day <= 21; day++) await shop.reach(learner, 4 * 168 + day * 24);
    // By then there is twenty thousand times as much as at first.
    expect(shop.usual(7 * 168).median).toBeLessThanOrEqual(103 * 1.2 ** 3);
  });

  test("an incident's hours are not learned from", async () => {
    const attacked = (hour: number) => (hour % 168 === 34 && hour > 168 ? 9_000 : 100);
    const shop = aShop({ dataDirectory: temporaryDirectory(), requests: attacked });
    await shop.reach(shop.learner(), 4 * 168);
    expect(shop.usual(4 * 168 + 34).median).toBeCloseTo(9_000, -1);

    const warned = aShop({ dataDirectory: temporaryDirectory(), requests: attacked });
    warned.incidents = [2, 3].map((n) => ({ from: n * 168 + 34.2, to: n * 168 + 34.9 }));
    await warned.reach(warned.learner(), 4 * 168);
    expect(warned.usual(4 * 168 + 34, { endpointClass: "login" }).median).toBeCloseTo(100, 0);
    expect(warned.usual(4 * 168 + 34, { gateway: "edge", endpointClass: "login" }).median).toBeCloseTo(100, 0);
  });
});

describe("what single users ask for", () => {
  const perActor = { endpointClass: "login" } as const;

  test("is learned by day, the same for every hour", async () => {
    const shop = aShop({ dataDirectory: temporaryDirectory() });
    await shop.reach(shop.learner(), 8 * 24 + 5);
    expect(shop.days.map(({ day }) => day)).toEqual(Array.from({ length: 27 }, (_, i) => i - 19));
    const usual = shop.baselines.at("perActor", perActor, 0);
    expect(usual).toMatchObject({ median: 8, samples: 8, level: "days", confidence: "high" });
    expect(shop.baselines.week("perActor", "class login")?.every(({ median }) => median === 8)).toBe(true);
  });

  test("is looked at for fewer of them where there are too many, and is left out where even that is too much", async () => {
    const many = aShop({ dataDirectory: temporaryDirectory() });
    many.actorsAtMost = 100;
    await many.reach(many.learner(), 8 * 24 + 5);
    expect(many.days).toHaveLength(27);
    expect(new Set(many.days.map(({ sample }) => sample))).toEqual(new Set([16]));

    const endless = aShop({ dataDirectory: temporaryDirectory() });
    endless.actorsAtMost = 1;
    await endless.reach(endless.learner(), 8 * 24 + 5);
    expect(endless.days).toEqual([]);
    expect(endless.usual(8 * 24 + 6).known).toBe(true);
  });
});

describe("a restart", () => {
  test("judges by the table that held, before it has read anything again", async () => {
    const dataDirectory = temporaryDirectory();
    const first = aShop({ dataDirectory });
    const learner = first.learner();
    await first.reach(learner, 3 * 168);
    await first.reach(learner, 3 * 168 + 1);
    const then = first.baselines.newest!;

    const second = aShop({ dataDirectory });
    await second.learner().load();
    expect(second.asked).toEqual([]);
    expect(second.baselines.newest).toEqual(then);
    second.baselines.settle(then.holdsFrom - 60_000);
    expect(second.baselines.current?.learnedTo).toBe(mondayHour + 3 * 168);
    second.baselines.settle(then.holdsFrom);
    expect(second.baselines.current?.learnedTo).toBe(mondayHour + 3 * 168 + 1);
  });

  test("begins anew where the file can't be read", async () => {
    const dataDirectory = temporaryDirectory();
    writeFileSync(join(dataDirectory, "baselines.state"), "nonsense");
    const shop = aShop({ dataDirectory });
    await shop.learner().load();
    expect(shop.baselines.newest).toBeUndefined();
  });
});

test("a store that does not answer is asked again a minute later, for less at once", async () => {
  const shop = aShop({ dataDirectory: temporaryDirectory() });
  const learner = shop.learner();
  shop.failing = true;
  await shop.reach(learner, 50);
  expect(shop.baselines.newest).toBeUndefined();
  shop.failing = false;
  await shop.clock.advance(60_000);
  await learner.look();
  expect(shop.asked[0]![1] - shop.asked[0]![0]).toBe(1);
  await learner.look();
  expect(shop.asked[1]![1] - shop.asked[1]![0]).toBe(2);
  expect(shop.asked[1]![0]).toBe(shop.asked[0]![1]);
});
