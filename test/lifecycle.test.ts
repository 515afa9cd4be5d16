import { expect, test } from "vitest";
import { Lifecycle } from "../src/lifecycle.ts";
import { silentLog } from "../src/log.ts";

test("the newest is stopped first, and waited for", async () => {
  const stopped: string[] = [];
  const lifecycle = new Lifecycle(silentLog);
  for (const name of ["store", "api", "source"]) {
    lifecycle.onStop(name, async () => {
      await new Promise(setImmediate);
      stopped.push(name);
    });
  }
  expect(await lifecycle.stop()).toEqual([]);
  expect(stopped).toEqual(["source", "api", "store"]);
});

test("one that fails to stop doesn't keep the others from it, and is told", async () => {
  const stopped: string[] = [];
  const told: unknown[] = [];
  const lifecycle = new Lifecycle({ ...silentLog, error: (facts: unknown) => told.push(facts) });
  const error = new Error("busy");
  lifecycle.onStop("store", () => void stopped.push("store"));
  lifecycle.onStop("api", () => Promise.reject(error));
  lifecycle.onStop("timers", () => {
    throw error;
  });
  expect(await lifecycle.stop()).toEqual([
    { name: "timers", error },
    { name: "api", error },
  ]);
  expect(stopped).toEqual(["store"]);
  expect(told).toEqual([
    { part: "timers", err: error },
    { part: "api", err: error },
  ]);
});

test("a second stop stops nothing twice", async () => {
  let stops = 0;
  const lifecycle = new Lifecycle(silentLog);
  lifecycle.onStop("store", () => void stops++);
  await Promise.all([lifecycle.stop(), lifecycle.stop()]);
  await lifecycle.stop();
  expect(stops).toBe(1);
});
