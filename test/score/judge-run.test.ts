import { describe, expect, test } from "vitest";
import { blockConfig } from "../../src/block/block-config.ts";
import { detectConfig } from "../../src/detect/detect-config.ts";
import type { DetectorDefinition } from "../../src/detect/define-detector.ts";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { disturbances, type Disturbance } from "../../src/score/disturbance.ts";
import { judgeRun, type Judges } from "../../src/score/judge-run.ts";
import type { AttackLabel, Intensity, SimulationLabels } from "../../src/simulate/label.ts";
import type { SimulatedRecord, Simulation } from "../../src/simulate/simulation.ts";
import { aDetector } from "../support/a-detector.ts";
import { anEvent } from "../support/an-event.ts";
import { aRunbook } from "../support/a-runbook.ts";

const start = Date.parse("2026-08-22T09:00:00.000Z");
const minute = 60_000;
const attacker = "203.0.113.9";
const customer = "198.51.100.7";

describe("one run", () => {
  test("an attack that is found: delay, harm until the block, alerts", () => {
    const run = judged({ events: [...customers(), ...failures(attacker, { from: 10, times: 12, everyMs: 1_000 })] });
    expect(run.pairs).toEqual([
      {
        ...{ attack: "stuffing", intensity: 10, detector: "three-failures", start: start + 10 * minute },
        ...{ expected: 1, found: 1, missed: [], delayMs: 0, delayEvents: 0, alerts: 1, sinceStartMs: 2_000 },
      },
    ]);
    expect(run.attacks).toEqual([
      {
        attack: "stuffing",
        intensity: 10,
        isFound: true,
        alerts: 1,
        harm: { events: 3, failures: 3, cards: 0, objects: 0 },
      },
    ]);
    expect(run).toMatchObject({ right: { "three-failures": 1 }, rightBlocks: { "three-failures": 1 } });
    expect(run).toMatchObject({ wrong: [], wrongBlocks: [], beside: {} });
  });

  test("an attack that nobody finds is missed", () => {
    const run = judged({ events: [...customers(), ...failures(attacker, { from: 10, times: 12, everyMs: minute })] });
    expect(run.pairs).toMatchObject([{ expected: 1, found: 0, missed: [`ip ${attacker}`], delayMs: undefined }]);
    expect(run.attacks).toMatchObject([{ isFound: false, harm: undefined }]);
  });

  test("below its floor all should be silent: what is found is wrong", () => {
    const events = [...customers(), ...failures(attacker, { from: 10, times: 12, everyMs: 1_000 })];
    const run = judged({ events, intensity: 0.8, label: { floorCrossedAt: null } });
    expect(run.pairs).toMatchObject([{ found: 1 }]);
    expect(run.wrong).toMatchObject([
      { detector: "three-failures", about: attacker, because: "stuffing below its floor" },
    ]);
    expect(run.wrongBlocks).toEqual([]); // it hits nobody but the attacker
  });

  test("a customer who is found and blocked is wrong, with what was mistaken, and whom it was in the way of", () => {
    const nat = [...failures(customer, { from: 20, times: 3, everyMs: 1_000 }), ...customers({ from: 21, times: 10 })];
    const stressors = [stressor("campus")];
    const run = judged({ events: nat, attacks: [], stressors });
    expect(run.wrong).toMatchObject([{ about: customer, because: "campus" }]);
    expect(run.wrongBlocks).toMatchObject([{ about: `ban of ip ${customer}`, because: "campus" }]);
    expect(run.requests).toEqual({ total: 13, hit: 10 });
    expect(run.clientDays).toBe(1);
  });

  test("an attacker named by a detector that was not meant to is beside, neither right nor wrong", () => {
    const events = [...customers(), ...failures(attacker, { from: 10, times: 12, everyMs: 1_000 })];
    const run = judged({ events, label: { detectors: ["another"] } });
    expect(run).toMatchObject({ beside: { "three-failures": 1 }, right: {}, wrong: [], pairs: [], attacks: [] });
  });

  test("a detector of the whole shop that shows what an attacker did is beside, too", () => {
    const siteWide = aDetector({ id: "three-failures", key: ["endpointClass"], target: () => undefined });
    const events = [...customers(), ...failures(attacker, { from: 10, times: 12, everyMs: 1_000 })];
    const run = judged({ events, detector: siteWide, label: { detectors: ["another"] } });
    expect(run).toMatchObject({ beside: { "three-failures": 1 }, wrong: [] });
  });

  test("so is one that shows customers first, where the attack is most of what it counted", () => {
    const siteWide = aDetector({
      ...{ id: "three-failures", key: ["endpointClass"], window: "10m", target: () => undefined },
      fires: (figures) => Number(figures["failures"]) >= 40,
    });
    const mistyped = failures(customer, { from: 5, times: 12, everyMs: 20_000 });
    const attack = failures(attacker, { from: 10, times: 60, everyMs: 1_000 });
    const run = judged({ events: [...mistyped, ...attack], detector: siteWide, label: { detectors: ["another"] } });
    expect(run).toMatchObject({ beside: { "three-failures": 1 }, wrong: [] });
    const elsewhere = attack.map((event) => ({ ...event, endpointClass: "search" as const }));
    const mixed = judged({
      events: [...failures(customer, { from: 9, times: 60, everyMs: 4_000 }), ...elsewhere],
      detector: siteWide,
      label: { detectors: ["another"] },
    });
    expect(mixed).toMatchObject({ beside: {}, wrong: [{ about: "login" }] });
    const alone = judged({ events: failures(customer, { from: 5, times: 60, everyMs: 4_000 }), detector: siteWide });
    expect(alone).toMatchObject({ beside: {}, wrong: [{ about: "login" }] });
  });

  test("what says no more of something harmless than what it is, is beside; a block of it is wrong", () => {
    const events = failures(customer, { from: 20, times: 3, everyMs: 1_000 });
    const run = judged({ events, attacks: [], stressors: [{ ...stressor("robot"), mayTell: ["three-failures"] }] });
    expect(run).toMatchObject({ beside: { "three-failures": 1 }, wrong: [], wrongBlocks: [{ because: "robot" }] });
    const others = { ...stressor("robot"), mayTell: ["three-failures"], entities: [] };
    expect(judged({ events, attacks: [], stressors: [{ ...others, end: start + minute }] }).wrong).toHaveLength(1);
  });

  test("another detector may see what is below the floor of those that are meant", () => {
    const events = [...customers(), ...failures(attacker, { from: 10, times: 12, everyMs: 1_000 })];
    const run = judged({ events, intensity: 0.8, label: { floorCrossedAt: null, detectors: ["another"] } });
    expect(run).toMatchObject({ beside: { "three-failures": 1 }, wrong: [], pairs: [] });
  });

  test("what was told long before the attack is not about it", () => {
    const early = failures(attacker, { from: 1, times: 40, everyMs: 15_000 });
    const run = judged({ events: [...early, ...failures(attacker, { from: 11, times: 12, everyMs: 15_000 })] });
    expect(run.pairs).toMatchObject([{ found: 0 }]);
    expect(run.right).toEqual({});
  });

  test("what another attack opened, and goes on with this one, found it in time", () => {
    const other = "203.0.113.77";
    const siteWide = aDetector({ id: "three-failures", key: ["endpointClass"], target: () => undefined });
    const events = [
      ...failures(other, { from: 8, times: 240, everyMs: 1_000 }),
      ...failures(attacker, { from: 10, times: 240, everyMs: 1_000 }),
    ];
    const own: Partial<AttackLabel> = { entities: [{ scope: "ip", value: attacker }] };
    const labels = (first: string): AttackLabel[] => [
      aLabel({ kind: "another", detectors: [], entities: [{ scope: "ip", value: first }], start: start + 8 * minute }),
      aLabel(own),
    ];
    expect(judged({ events, attacks: labels(other), detector: siteWide }).pairs).toMatchObject([{ found: 1 }]);
    // Had a customer done that, it would be chance.
    expect(judged({ events, attacks: labels("192.0.2.1"), detector: siteWide }).pairs).toMatchObject([{ found: 0 }]);
  });

  test("a detector that can't see is blind, and misses nothing", () => {
    const blind = aDetector({ needs: { required: ["country"], better: [] } });
    const events = [...customers({ class: "login" }), ...failures(attacker, { from: 10, times: 12, everyMs: 1_000 })];
    const run = judged({ events, detector: blind });
    expect(run.unseeing).toEqual([{ detector: "three-failures", state: "blind", missing: ["country"] }]);
    expect(run.pairs).toEqual([]);
  });

  test("an attack that never reached its floor measures nobody", () => {
    const run = judged({ events: customers(), label: { floorCrossedAt: null } });
    expect(run).toMatchObject({ pairs: [], attacks: [], uncrossed: ["stuffing"] });
    const events = [...customers(), ...failures(attacker, { from: 10, times: 12, everyMs: 1_000 })];
    const loud = judged({ events, intensity: 0.8 });
    expect(loud).toMatchObject({ pairs: [], attacks: [], wrong: [], uncrossed: ["stuffing"] });
  });

  test.for([[[]], ...disturbances.map((one) => [[one]]), [[...disturbances]]] as [Disturbance[]][])(
    "the attack is found on a day with: %s",
    ([disturbed]) => {
      const attack = failures(attacker, { from: 10, times: 120, everyMs: 1_000 });
      const run = judged({ events: [...customers({ times: 1_800 }), ...attack], disturbed });
      expect(run.pairs).toMatchObject([{ found: 1 }]);
      expect(run).toMatchObject({ wrong: [], wrongBlocks: [], rightBlocks: { "three-failures": 1 } });
      expect(run.requests.total).toBe(1_800);
      expect(run.attacks).toMatchObject([{ isFound: true, alerts: 1 }]);
    },
  );

  test("a line that is not understood is a fault", () => {
    const records = [{ time: start, line: "nonsense", isShopEvent: false }];
    expect(() =>
      judgeRun(name(10), { simulation: () => simulated(records, labelsOf([])), normalizer }, judges()),
    ).toThrow("a simulated line is not understood");
  });
});

// helpers

type Told = Partial<AccessEvent> & { readonly time: number };

function judged(of: {
  events: readonly Told[];
  attacks?: readonly AttackLabel[];
  label?: Partial<AttackLabel>;
  stressors?: SimulationLabels["stressors"];
  detector?: DetectorDefinition;
  intensity?: Intensity;
  disturbed?: readonly Disturbance[];
}) {
  const { intensity = 10, stressors = [] } = of;
  const events = of.events.toSorted((a, b) => a.time - b.time);
  const own = events.filter(({ clientIp }) => clientIp === attacker);
  const label: AttackLabel = {
    ...{ kind: "stuffing", intensity, detectors: ["three-failures"], entities: [{ scope: "ip", value: attacker }] },
    ...{ victims: [], start: start + 10 * minute, end: own.at(-1)?.time ?? start + 11 * minute },
    floorCrossedAt: own[2]?.time ?? start + 10 * minute,
    ...{ floor: { counts: "failures", floor: 3, windowMs: minute }, requests: own.length, shopEvents: 0 },
    ...of.label,
  };
  const records = events.map((event) => ({ time: event.time, line: JSON.stringify(event), isShopEvent: false }));
  const labels = { ...labelsOf(of.attacks ?? [label]), stressors };
  return judgeRun(
    name(intensity),
    { simulation: () => simulated(records, labels), normalizer },
    judges(of.detector, of.disturbed),
  );
}

function name(intensity: Intensity) {
  return { seed: 7, intensity, kind: "enriched", scene: "day" } as const;
}

function judges(detector = aDetector(), disturbed: readonly Disturbance[] = []): Judges {
  const block = {
    action: "ban",
    forMs: 15 * minute,
    repeat: undefined,
    softer: undefined,
    dryRun: false,
    confidence: "low",
  } as const;
  return {
    detectors: [{ definition: detector, params: {}, mode: "active" }],
    runbooks: [aRunbook({ id: "three-failures", block })],
    ...{ detect: { ...detectConfig.parse({}), clients: 1_024 }, block: blockConfig.parse({}) },
    disturbances: new Set(disturbed),
  };
}

function aLabel(of: Partial<AttackLabel>): AttackLabel {
  return {
    ...{ kind: "stuffing", intensity: 10, detectors: ["three-failures"], entities: [], victims: [] },
    ...{ start: start + 10 * minute, end: start + 14 * minute, floorCrossedAt: start + 10 * minute },
    ...{ floor: { counts: "failures", floor: 3, windowMs: minute }, requests: 240, shopEvents: 0 },
    ...of,
  };
}

/** Something harmless for an hour, with the customer's address. */
function stressor(kind: string) {
  const entities = [{ scope: "ip" as const, value: customer }];
  return { kind, mayTell: [] as string[], entities, start, end: start + 60 * minute };
}

function simulated(records: readonly SimulatedRecord[], labels: SimulationLabels): Simulation {
  return { batches: () => [records], labels: () => labels };
}

function labelsOf(attacks: readonly AttackLabel[]): SimulationLabels {
  const lines = { requests: 0, shopEvents: 0 };
  return { seed: 7, start, end: start, format: "test", attacks, stressors: [], skipped: [], regulars: [], lines };
}

/** Reads what `judged` writes: events as JSON. */
const normalizer: Parameters<typeof judgeRun>[1]["normalizer"] = {
  normalize: ({ records, offsets, source, partition }) => {
    const isEvent = (line: unknown) => String(line).startsWith("{");
    const understood = offsets.filter((_, i) => isEvent(records[i]));
    return {
      events: records.filter(isEvent).map((line) => anEvent(JSON.parse(String(line)) as Partial<AccessEvent>)),
      offsets: understood,
      indexes: understood.map(() => 0),
      rejected: offsets
        .filter((_, i) => !isEvent(records[i]))
        .map((offset) => ({
          ...{ source, partition, offset, index: 0, reason: "not_json" as const },
          ...{ format: "none", detail: "expected JSON", head: "" },
        })),
    };
  },
};

interface Customers {
  readonly from?: number;
  readonly times?: number;
  readonly class?: "catalog" | "login";
}

/** A customer who looks at something every second. */
function customers({ from = 0, times = 900, class: endpointClass = "catalog" }: Customers = {}): Told[] {
  return Array.from({ length: times }, (_, i) => ({
    ...{ time: start + from * minute + i * 1_000, clientIp: customer, endpointClass, userId: "anna" },
  }));
}

function failures(
  clientIp: string,
  { from, times, everyMs }: { from: number; times: number; everyMs: number },
): Told[] {
  return Array.from({ length: times }, (_, i) => ({
    ...{ time: start + from * minute + i * everyMs, clientIp, endpointClass: "login" as const },
    ...{ status: 401, outcome: "failed" as const, userId: `user-${i}` },
  }));
}
