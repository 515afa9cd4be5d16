import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { detectConfig } from "../../src/detect/detect-config.ts";
import { DetectStage } from "../../src/detect/detect-stage.ts";
import { TallyCounter } from "../../src/detect/tally-counter.ts";
import type { TrafficMemory } from "../../src/detect/traffic-memory.ts";
import { anEvent } from "../support/an-event.ts";
import { TestClock } from "../support/test-clock.ts";

const noon = Date.parse("2026-08-22T12:00:00.000Z");
const config = detectConfig.parse({ clients: 1024 });
const clients = ["198.51.100.1", "198.51.100.2", "198.51.100.3"];

const anyEvent: fc.Arbitrary<AccessEvent> = fc
  .record({
    client: fc.constantFrom(...clients, undefined),
    userId: fc.constantFrom(undefined, "anna", "ben", "cleo", "dora"),
    endpointClass: fc.constantFrom("login", "checkout", "payment", "signup", "catalog"),
    outcome: fc.constantFrom("ok", "failed", "denied"),
    origin: fc.constantFrom("gateway", "shop"),
    clientIpTrust: fc.constantFrom("certain", "guessed"),
    attempt: fc.boolean(),
    enforced: fc.boolean(),
    secondsLater: fc.integer({ min: 0, max: 25 }),
  })
  .map(({ client, secondsLater, ...fields }) =>
    anEvent({ ...fields, clientIp: client, clientKey: client, time: secondsLater * 1000 }),
  );

/** In order of time, each some seconds after the one before. */
const anyStream = fc.array(anyEvent, { maxLength: 80 }).map((events) => {
  let time = noon;
  return events.map((event) => ({ ...event, time: (time += event.time) }));
});

test("whoever is told of the traffic in tallies knows what they know who saw it", () => {
  fc.assert(
    fc.property(anyStream, fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 20 }), (events, many, size) => {
      const whole = aStage();
      whole.engine.process({ partition: "whole", events, takenAt: (i) => events[i]!.time });
      whole.finish();
      const told = aStage();
      const counters = Array.from({ length: many }, (_, i) => aCounter(`p${i}`));
      for (const { partition } of counters) told.watermark.assign(partition);
      for (let from = 0; from < events.length; from += size) {
        for (const [i, { counter }] of counters.entries()) {
          const own = events.slice(from, from + size).filter((_, at) => at % many === i);
          counter.count({ events: own, takenAt: (at) => own[at]!.time });
          expect(told.takeTraffic(counter.take().traffic).problem).toBeUndefined();
        }
      }
      told.finish();
      expect(knows(told.memory)).toEqual(knows(whole.memory));
    }),
  );
});

test("most users behind one address are noticed in tallies, too", () => {
  const told = aStage();
  const { counter } = aCounter("p0");
  for (let i = 0; i < 1_100; i++) {
    const event = anEvent({ time: noon + i * 100, userId: `u${i % 80}`, endpointClass: "login" });
    counter.count({ events: [event], takenAt: () => event.time });
    if (i % 50 === 49) told.takeTraffic(counter.take().traffic);
  }
  expect(told.memory.proxyTrust()?.address).toBe("198.51.100.7");
});

test("a tally of keys is none of the traffic", () => {
  const { parts } = aCounter("p0").counter.take();
  expect(aStage().takeTraffic(parts[0]!)).toEqual({ problem: "a tally of part 0, and none of the traffic" });
});

// helpers

function aStage(): DetectStage {
  const clock = new TestClock(noon + 86_400_000);
  return new DetectStage({ detectors: [], config, clock, maxShare: 0.5, onMuted: () => {} });
}

function aCounter(partition: string) {
  return { partition, counter: new TallyCounter({ detectors: [], config, partition, parts: 1 }) };
}

function knows(memory: TrafficMemory): unknown {
  const of = clients.map((client) => ({
    succeeded: memory.succeededBefore(client, noon + 3_600_000),
    users: memory.successfulUsers(client),
    settled: memory.settledUsers(client),
  }));
  const all = { active: memory.activeClients(), logins: memory.loginFailedShare(), checkouts: memory.checkoutRate() };
  return { of, ...all, watchedMs: memory.watchedMs };
}
