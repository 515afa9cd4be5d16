import { describe, expect, test } from "vitest";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { endpointsConfig } from "../../src/normalize/endpoint-config.ts";
import { aNormalizer, arrivedAt, normalizeAll } from "../support/normalizing.ts";
import { anEngine } from "../support/run-engine.ts";
import { TestClock } from "../support/test-clock.ts";

const accounts = ["anna", "ben", "cleo", "dora"];

/** Failed sign-ins from one client, each told of by its request and by a shop event. */
function bothSides(logins: number, attempts: "gateway" | "shop"): AccessEvent[] {
  const records = Array.from({ length: logins }, (_, i) => {
    const time = arrivedAt - 60_000 + i * 1000;
    const client = { remote_addr: "198.51.100.23", method: "POST", uri: "/v1/login", status: 401, request_time: 0.01 };
    return [
      JSON.stringify({ msec: (time / 1000).toFixed(3), ...client, user_id: accounts[i % 4] }),
      JSON.stringify({ event: "login.failed", time, userId: accounts[i % 4], clientIp: "198.51.100.23" }),
    ];
  }).flat();
  const endpoints = endpointsConfig.parse([{ method: "POST", route: "/v1/login", class: "login", attempts }]);
  const { events, rejected } = normalizeAll(aNormalizer({ endpoints }), records);
  expect(rejected).toEqual([]);
  return [...events];
}

function detect(events: readonly AccessEvent[]) {
  const scene = anEngine({ clock: new TestClock(arrivedAt) });
  scene.process(events);
  const found = [...scene.engine.finish()].filter(({ sealed }) => sealed);
  return { ...scene, found };
}

describe.each(["gateway", "shop"] as const)("attempts are counted from the %s", (attempts) => {
  test("each once: seven failures are seven, though fourteen records tell of them", () => {
    expect(detect(bothSides(7, attempts)).found).toEqual([]);
  });

  test("ten are ten", () => {
    const found = detect(bothSides(10, attempts)).found.filter(({ detector }) => detector === "credential-stuffing");
    expect(found.length).toBeGreaterThan(0);
    expect(found.at(-1)).toMatchObject({ counters: { failures: 10, attempts: 10, accounts: 4 } });
    expect(found.at(-1)?.clientIpCertain).toBe(attempts === "gateway");
  });
});

test("requests whose shop events never come make the detectors of attempts blind, and no others", () => {
  const events = bothSides(60, "shop").filter(({ origin }) => origin === "gateway");
  const { engine } = detect(events);
  const stateOf = (id: string) => engine.coverageOf(engine.bound.find(({ active }) => active.definition.id === id)!);
  expect(stateOf("credential-stuffing")).toMatchObject({ state: "blind", missing: ["attempt"] });
  expect(stateOf("account-under-attack")).toMatchObject({ state: "blind", missing: ["attempt"] });
  expect(stateOf("rate-limit-burst")).toMatchObject({ state: "waiting" });
});
