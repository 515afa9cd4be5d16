import type { Clock } from "../clock.ts";
import type { AccessEvent } from "../normalize/access-event.ts";
import { parseDuration } from "../units.ts";
import { createAddressReader } from "../normalize/client-address.ts";
import { exampleBaselines } from "./example-baselines.ts";
import type { DetectorDefinition, Example } from "./define-detector.ts";
import { detectConfig } from "./detect-config.ts";
import type { Detection } from "./detection.ts";
import { DetectEngine } from "./detect-engine.ts";
import { Muting } from "./muting.ts";
import { aheadMs } from "./tables.ts";
import { TrafficMemory } from "./traffic-memory.ts";
import { Watermark } from "./watermark.ts";

/** When examples take place; a round number, so that windows begin where their first event does. */
const exampleStart = Date.UTC(2026, 7, 22, 9, 0, 0);

/** Runs one of a detector's own examples through the real engine; returns what was detected, sealed. */
export function runExample(definition: DetectorDefinition, example: Example): Detection[] {
  let now = exampleStart;
  const clock: Clock = { now: () => now, monotonic: () => now, after: () => () => {}, every: () => () => {} };
  const config = detectConfig.parse({ clients: 1024, firstSeenValues: 1024 });
  const engine = new DetectEngine({
    detectors: [{ definition, params: definition.params.parse(example.params ?? {}), mode: "active" }],
    config,
    clock,
    watermark: new Watermark({ clock, latenessMs: config.lateness, idleAfterMs: config.idleAfter, aheadMs }),
    memory: new TrafficMemory(1024),
    baselines: exampleBaselines(example.baselines),
    muting: new Muting({ clock, onMuted: () => {} }),
  });
  const found: Detection[] = [];
  for (const event of exampleEvents(example)) {
    now = Math.max(now, event.time);
    found.push(...engine.process({ partition: "example", events: [event], takenAt: () => event.time }));
    if (engine.faults > 0) throw new Error(`${definition.id} threw while it looked at an example`);
  }
  found.push(...engine.finish());
  return found.filter(({ sealed }) => sealed);
}

/** An example's events in order of time, with everything it leaves out filled in; a client's address gives its key. */
export function exampleEvents(example: Example): AccessEvent[] {
  const read = createAddressReader([]);
  const events = example.events.flatMap(({ at, times = 1, every = "1s", ...given }) =>
    Array.from({ length: times }, (_, i) => {
      const time = exampleStart + parseDuration(at)! + i * parseDuration(every)!;
      const client = given.clientIp === undefined ? {} : { clientKey: read(given.clientIp)?.key };
      return { ...ordinary, ...client, ...given, time, startedAt: time - 50 };
    }),
  );
  return events.sort((a, b) => a.time - b.time);
}

const ordinary: AccessEvent = {
  origin: "gateway",
  time: exampleStart,
  startedAt: undefined,
  gateway: "example",
  clientIp: "203.0.113.200",
  clientKey: "203.0.113.200",
  clientIpTrust: "certain",
  peerIp: undefined,
  method: "POST",
  host: "shop.example",
  path: "/api/example",
  route: "/api/example",
  endpointClass: "other",
  owner: undefined,
  listed: undefined,
  needsUser: undefined,
  deprecated: undefined,
  status: 200,
  answeredBy: "upstream",
  enforced: false,
  durationMs: 50,
  upstreamMs: undefined,
  requestBytes: undefined,
  responseBytes: undefined,
  requestId: undefined,
  userId: undefined,
  role: undefined,
  apiKey: undefined,
  sessionId: undefined,
  deviceId: undefined,
  userAgent: "Mozilla/5.0",
  country: undefined,
  asn: undefined,
  latitude: undefined,
  longitude: undefined,
  methodOverride: undefined,
  outcome: "ok",
  attempt: true,
  attributes: undefined,
};
