import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { attackList } from "../../src/simulate/attack-list.ts";
import { benignShares } from "../../src/simulate/benign-shares.ts";
import type { LabelledEntity } from "../../src/simulate/label.ts";
import { activity, localTime } from "../../src/simulate/rhythm.ts";
import type { SimulationOptions } from "../../src/simulate/simulation.ts";
import { stressorIds } from "../../src/simulate/stressor-list.ts";
import { aSimulation, mondayMorning, readBack, simulated } from "../support/simulating.ts";

const minute = 60_000;
/** Everything that fits into an hour and is no outage, so that it leaves customers alone. */
const shortAttacks = attackList
  .filter((kind) => !kind.isSiteWide && (kind.lastsMs ?? 2 * kind.windowMs) <= 30 * minute)
  .map(({ id }) => id);
const anHour = { durationMs: 60 * minute, rate: 20, customers: 4_000 } as const;

function hashOf(options: Partial<SimulationOptions>): string {
  const hash = createHash("sha256");
  const simulation = aSimulation(options);
  for (const batch of simulation.batches()) for (const { line } of batch) hash.update(line);
  return hash.update(JSON.stringify(simulation.labels())).digest("hex");
}

describe("the same options", () => {
  const options = {
    attacks: shortAttacks,
    intensity: "mixed",
    stressors: stressorIds,
    durationMs: 20 * minute,
  } as const;

  test("give the same lines and labels, and another seed others", () => {
    expect(hashOf(options)).toBe(hashOf(options));
    expect(hashOf({ ...options, seed: 2 })).not.toBe(hashOf(options));
  });

  test("give these lines, on every machine", () => {
    const { records } = simulated({ durationMs: 2_000, format: "nginx-combined" });
    expect(records.slice(0, 3).map(({ line }) => line)).toMatchInlineSnapshot(`
      [
        "198.19.128.12 - - [24/Aug/2026:07:00:00 +0000] "GET /api/home HTTP/1.1" 200 2400 "-" "ShopApp/5.1.4 (Android 14; SM-A546B)"",
        "198.19.128.11 - - [24/Aug/2026:07:00:00 +0000] "GET /api/products/1376 HTTP/1.1" 200 2400 "-" "ShopApp/5.2.0 (Android 16; Pixel 9)"",
        "2001:db8:1:27b:55d9:2:3:812f - - [24/Aug/2026:07:00:00 +0000] "GET /api/products/1000 HTTP/1.1" 200 2400 "-" "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 Safari/537.36"",
      ]
    `);
  });
});

describe("an hour of the shop with everything in it", () => {
  const { records, labels } = simulated({ ...anHour, attacks: shortAttacks, intensity: 10, stressors: stressorIds });
  const { events, rejected } = readBack(records, "enriched");

  test("every line is read", () => {
    expect(rejected).toEqual([]);
    expect(events).toHaveLength(records.length);
    expect(labels.lines.requests).toBe(events.filter(({ origin }) => origin === "gateway").length);
    expect(labels.lines.shopEvents).toBe(events.filter(({ origin }) => origin === "shop").length);
  });

  test("is in order of time, within the run", () => {
    expect(records.every(({ time }, i) => i === 0 || records[i - 1]!.time <= time)).toBe(true);
    expect(records[0]!.time).toBeGreaterThanOrEqual(labels.start);
    expect(records.at(-1)!.time).toBeLessThan(labels.end);
    // What is read of a line is when it was.
    expect(events.every(({ time }, i) => time === records[i]!.time)).toBe(true);
  });

  test("labels name whom the attacks came from", () => {
    // Those without attackers name victims alone.
    const named = labels.attacks.filter(({ entities }) => entities.length > 0);
    const unseen = named.filter(({ entities, start, end, requests }) => {
      const sent = events.filter((event) => event.time >= start && event.time <= end && isOf(event, entities));
      return sent.filter(({ origin }) => origin === "gateway").length < Math.max(1, requests * 0.5);
    });
    expect(unseen).toEqual([]);
    expect(named.length).toBeGreaterThan(25);
    expect(labels.attacks.length + labels.skipped.length).toBe(shortAttacks.length + 1);
  });

  test("labels name who else takes part", () => {
    expect(new Set(labels.stressors.map(({ kind }) => kind))).toEqual(new Set(stressorIds));
    // Not all hotels and offices are seen within an hour.
    const regulars = labels.regulars.filter(({ kind }) => kind !== "hotel" && kind !== "office");
    const all = [...labels.stressors, ...regulars.map((one) => ({ ...one, start: labels.start, end: labels.end }))];
    const unseen = all.filter(
      ({ entities, start, end }) =>
        entities.length > 0 &&
        !events.some((event) => event.time >= start && event.time <= end && isOf(event, entities)),
    );
    expect(unseen).toEqual([]);
  });

  test("customers share no address, account, session or device with attackers", () => {
    const quiet = simulated({ ...anHour, stressors: stressorIds });
    const attackers = labels.attacks.flatMap(({ entities }) => entities);
    const guilty = readBack(quiet.records, "enriched").events.filter((event) => isOf(event, attackers));
    expect(guilty).toEqual([]);
  });
});

test("attackers change nothing of what customers do", () => {
  const lines = (attacks: readonly string[]) =>
    simulated({ ...anHour, durationMs: 30 * minute, attacks, format: "nginx-combined" }).records.map(
      ({ line }) => line,
    );
  const quiet = lines([]);
  const loud = new Set(lines(["credential-stuffing", "scraping", "probing"]));
  expect(loud.size).toBeGreaterThan(new Set(quiet).size);
  expect(quiet.filter((line) => !loud.has(line))).toEqual([]);
});

describe("rates", () => {
  test.for([
    ["by day", mondayMorning, 30],
    ["in the evening", mondayMorning + 11 * 60 * minute, 100],
    ["over a night", mondayMorning + 15 * 60 * minute, 60],
  ] as const)("are those that were asked for: %s", ([, start, rate]) => {
    const { labels } = simulated({ start, rate, durationMs: 40 * minute, format: "nginx-combined", customers: 50_000 });
    expect(labels.lines.requests / (40 * 60)).toBeGreaterThan(rate * 0.93);
    expect(labels.lines.requests / (40 * 60)).toBeLessThan(rate * 1.07);
  });

  test("follow the day", () => {
    const { records } = simulated({
      rate: 2,
      durationMs: 24 * 60 * minute,
      format: "nginx-combined",
      customers: 50_000,
    });
    const of = (hour: number) => records.filter(({ time }) => Math.floor(localTime(time).hour) === hour).length;
    expect(of(20) / of(3)).toBeGreaterThan(6);
  });

  test("follow the shop's clock, which changes twice a year", () => {
    const noon = (text: string) => localTime(Date.parse(text)).hour;
    expect(noon("2026-10-24T10:00:00Z")).toBe(12);
    expect(noon("2026-10-25T11:00:00Z")).toBe(12);
    expect(noon("2026-03-28T11:00:00Z")).toBe(12);
    expect(noon("2026-03-29T10:00:00Z")).toBe(12);
    expect(activity(Date.parse("2026-08-24T18:00:00Z"))).toBeGreaterThan(activity(Date.parse("2026-08-24T02:00:00Z")));
  });
});

test("the mix is a shop's: shares that attacks are sized by, and declines of 5 to 15 %", () => {
  const { records } = simulated({ rate: 120, durationMs: 15 * minute, customers: 50_000 });
  const { events } = readBack(records, "enriched");
  const requests = events.filter(({ origin }) => origin === "gateway").length;
  const share = (of: (event: AccessEvent) => boolean) => events.filter(of).length / requests;
  const near = (measured: number, said: number) => expect(Math.abs(measured / said - 1)).toBeLessThan(0.2);
  near(
    share((e) => e.endpointClass === "login" && e.attempt && e.outcome === "failed"),
    benignShares.failedSignIns,
  );
  near(
    share((e) => e.endpointClass === "signup" && e.attempt),
    benignShares.signUps,
  );
  near(
    share((e) => e.endpointClass === "payment" && e.attempt),
    benignShares.payments,
  );
  near(
    share((e) => e.endpointClass === "checkout" && e.origin === "gateway"),
    benignShares.checkouts,
  );
  near(
    share((e) => e.origin === "gateway" && e.method === "GET" && e.userId !== undefined && e.status === 200),
    benignShares.readSignedIn,
  );
  const declined =
    share((e) => e.route === "payment.declined") / share((e) => e.endpointClass === "payment" && e.attempt);
  expect(declined).toBeGreaterThan(0.05);
  expect(declined).toBeLessThan(0.15);
});

// helpers

function isOf(event: AccessEvent, entities: readonly LabelledEntity[]): boolean {
  const values = valuesOf(entities);
  return (
    values.ip.has(event.clientKey ?? "") ||
    values.user.has(event.userId ?? "") ||
    values.session.has(event.sessionId ?? "") ||
    values.device.has(event.deviceId ?? "") ||
    values.apiKey.has(event.apiKey ?? "") ||
    values.promoCode.has(event.attributes?.["promoCode"] ?? "")
  );
}

type Scope = "ip" | "user" | "session" | "device" | "apiKey" | "promoCode";
const known = new WeakMap<readonly LabelledEntity[], Record<Scope, Set<string>>>();

function valuesOf(entities: readonly LabelledEntity[]): Record<Scope, Set<string>> {
  let values = known.get(entities);
  if (values === undefined) {
    const of = (scope: Scope) => new Set(entities.filter((one) => one.scope === scope).map(({ value }) => value));
    values = {
      ip: of("ip"),
      user: of("user"),
      session: of("session"),
      device: of("device"),
      apiKey: of("apiKey"),
      promoCode: of("promoCode"),
    };
    known.set(entities, values);
  }
  return values;
}
