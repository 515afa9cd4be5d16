import pino from "pino";
import { expect, test } from "vitest";
import type { DetectorCoverage } from "../../src/detect/coverage.ts";
import { CoverageLog } from "../../src/detect/coverage-log.ts";
import type { FieldCoverage } from "../../src/normalize/access-event.ts";

function aLog() {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
  return { log: new CoverageLog(pino({ base: null }, { write })), lines };
}

const detector = (coverage: Partial<DetectorCoverage>) => [
  {
    ...{ id: "stuffing", title: "Stuffing", mode: "active" as const, muted: false, errors: 0 },
    suppressed: { times: 0, by: [] },
    coverage: { state: "full" as const, missing: [], events: 60, fields: [], gaps: [], ...coverage },
  },
];

const source = (events: number, withField: FieldCoverage["withField"]): FieldCoverage[] => [
  { source: "edge", format: "kong", events, certainClients: events / 2, withField },
];

test("each state is told once, and again when it, what is missing, or where has changed", () => {
  const { log, lines } = aLog();
  log.look(detector({ state: "waiting" }), []);
  for (let i = 0; i < 3; i++) log.look(detector({}), []);
  log.look(detector({ events: 90 }), []);
  log.look(detector({ gaps: [{ gateway: "us", origin: "gateway", events: 60, missing: ["userId"] }] }), []);
  log.look(detector({ state: "reduced", missing: ["userId"] }), []);
  log.look(detector({ state: "blind", missing: ["clientIp"] }), []);
  expect(lines.map(({ level, coverage, missing, gaps }) => [level, coverage, missing, gaps])).toEqual([
    [30, "full", [], []],
    [30, "full", [], [{ gateway: "us", origin: "gateway", missing: ["userId"] }]],
    [30, "reduced", ["userId"], []],
    [40, "blind", ["clientIp"], []],
  ]);
});

test("shop events that never come are named as what is missing", () => {
  const { log, lines } = aLog();
  log.look(detector({ state: "blind", missing: ["attempt"], events: 0 }), []);
  expect(lines[0]).toMatchObject({ level: 40, msg: expect.stringContaining("shop events, and none comes") as string });
});

test("what a source's log has, some of it has, and never has; again when another field is never there", () => {
  const { log, lines } = aLog();
  log.look([], source(49, { clientIp: 49 }));
  for (const events of [50, 100])
    log.look([], source(events, { clientIp: events, userId: events / 4, country: 0, asn: 0 }));
  log.look([], source(200, { clientIp: 200, userId: 51, country: 1, asn: 0 }));
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatchObject({
    ...{ source: "edge", format: "kong", events: 50, certainClients: 0.5 },
    ...{ always: ["clientIp"], sometimes: { userId: 0.25 }, never: ["country", "asn"] },
  });
  expect(lines[1]).toMatchObject({ sometimes: { userId: 0.255, country: 0.005 }, never: ["asn"] });
});
