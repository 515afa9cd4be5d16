import { expect, test } from "vitest";
import trafficLevel from "../detectors/traffic-level.ts";
import { baselineFiles } from "../src/baseline-tables.ts";
import { BaselineLearner } from "../src/baseline-learner.ts";
import { detectConfig } from "../src/detect/detect-config.ts";
import type { DetectorDefinition } from "../src/detect/define-detector.ts";
import { DetectStage } from "../src/detect/detect-stage.ts";
import { hourMs } from "../src/detect/hour-of-week.ts";
import { silentLog } from "../src/log.ts";
import { createMetrics } from "../src/metrics.ts";
import { mondayHour } from "./support/baseline-weeks.ts";
import { anEvent } from "./support/an-event.ts";
import { active } from "./support/run-engine.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";
import { TestClock } from "./support/test-clock.ts";

/** Sign-ins and carts a minute at this hour, counted from a Monday at midnight: a sale each Tuesday at ten. */
const usual = (hour: number) => (hour % 168 === 34 ? { login: 60, cart: 90 } : { login: 10, cart: 30 });

/** A shop whose store has as many weeks of counts as are asked for, and a stage that judges it. */
function aShop(weeks: number) {
  const clock = new TestClock(mondayHour * hourMs);
  const config = { detect: detectConfig.parse({ clients: 1_024 }) };
  const definition = trafficLevel as unknown as DetectorDefinition;
  const stage = new DetectStage({ detectors: [active(definition)], config: config.detect, clock, onMuted: () => {} });
  const rowsOf = (hour: number) =>
    Object.entries(usual(hour)).map(([endpointClass, perMinute]) => ({
      ...{ hour: hour + mondayHour, route: `/api/${endpointClass}`, gateway: "edge", endpointClass },
      ...{ slices: Array.from({ length: 6 }, () => perMinute * 10), errors: 0, limited: 0 },
      latency: Array.from({ length: 17 }, () => 0),
    }));
  const query = async <Row>(sql: string, { from, to }: Readonly<Record<string, unknown>> = {}) => {
    if (!sql.includes("endpoint_minutes")) return [];
    const first = Number(from) / 3600 - mondayHour;
    const hours = Array.from({ length: Number(to) / 3600 - mondayHour - first }, (_, i) => first + i);
    return hours.filter((hour) => hour >= 4 * 168 - weeks * 168).flatMap(rowsOf) as Row[];
  };
  const learner = new BaselineLearner({
    ...{ store: { query }, detect: stage, clock, log: silentLog, metrics: createMetrics(), config },
    pipeline: { between: (run) => run() },
    tables: baselineFiles({ directory: temporaryDirectory(), log: silentLog }),
  });
  let serial = 0;
  /** Minutes of traffic from an hour after the fourth Monday on; what they add up to, and all that was found and is complete. */
  const live = (fromHour: number, minutes: number, of: { login: number; cart: number }) => {
    const begin = (mondayHour + 4 * 168 + fromHour) * hourMs;
    const events = (["login", "cart"] as const).flatMap((endpointClass) =>
      Array.from({ length: minutes * of[endpointClass] }, (_, i) => {
        const client = `203.0.113.${i % 50}`;
        const time = begin + Math.floor((i * 60_000) / of[endpointClass]);
        const more = { route: `/api/${endpointClass}`, gateway: "edge", requestId: String(serial++) };
        return anEvent({ time, endpointClass, clientIp: client, clientKey: client, ...more });
      }),
    );
    events.sort((a, b) => a.time - b.time);
    const offsets = events.map((_, i) => i);
    const batch = { source: "edge", partition: "p0", records: [], refused: [], next: 0, offsets };
    const told = stage.process({ ...batch, receivedAt: begin + minutes * 60_000 }, { events, offsets });
    return told.filter(({ sealed }) => sealed);
  };
  const learn = async () => {
    for (let i = 0; i < 200 && stage.baselines.newest === undefined; i++) {
      await clock.advance(1_000);
      await learner.look();
    }
  };
  return { stage, live, learn };
}

test("a sale of every Tuesday is no surge once weeks are known, and is one before that", async () => {
  const known = aShop(4);
  known.live(33, 20, usual(33));
  await known.learn();
  expect(known.live(33 + 1 / 3, 40, usual(33))).toEqual([]);
  expect(known.live(34, 30, usual(34))).toEqual([]);
  expect(known.stage.status()[0]?.usual).toEqual({ of: ["requests"], places: 8 });

  const cold = aShop(0);
  cold.live(33, 20, usual(33));
  await cold.learn();
  cold.live(33 + 1 / 3, 40, usual(33));
  expect(cold.live(34, 30, usual(34))[0]).toMatchObject({ detector: "traffic-level", severity: "low" });
  expect(cold.stage.status()[0]?.usual).toEqual({ of: ["requests"], places: 0 });
});

test("the same on a Wednesday is a surge, and says what is usual; a sale that nobody comes to is told, too", async () => {
  const shop = aShop(4);
  shop.live(57, 20, usual(57));
  await shop.learn();
  shop.live(57 + 1 / 3, 40, usual(57));
  const [surge] = shop.live(58, 30, { login: 40, cart: 100 });
  expect(surge).toMatchObject({ severity: "low", summary: expect.stringContaining("usual for Wednesday 10:00: ") });

  const other = aShop(4);
  other.live(33, 20, usual(33));
  await other.learn();
  other.live(33 + 1 / 3, 40, usual(33));
  const found = other.live(34, 40, { login: 3, cart: 4 });
  expect(found.at(-1)).toMatchObject({
    severity: "high",
    summary: expect.stringMatching(/(?:cart|login) \d+, usual for Tuesday 10:00: \d+ ± \d+, 4 weeks/),
    targets: [],
  });
});
