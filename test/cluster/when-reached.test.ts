import { expect, test } from "vitest";
import { whenReached } from "../../src/cluster/when-reached.ts";
import { GatewatchError } from "../../src/errors.ts";
import { silentLog } from "../../src/log.ts";
import { TestClock } from "../support/test-clock.ts";

test("brokers that are away are asked again until they answer", async () => {
  const clock = new TestClock(0);
  let asked = 0;
  const answer = whenReached({ log: silentLog, clock }, async () => {
    if (++asked < 3) throw new Error("connect ECONNREFUSED");
    return "partitions";
  });
  for (let i = 0; i < 3; i++) await clock.advance(2_000);
  expect(await answer).toBe("partitions");
  expect(asked).toBe(3);
});

test("what a person has to mend is told at once", async () => {
  const bad = new GatewatchError("CLUSTER_TOPICS", "a topic is missing");
  const ask = whenReached({ log: silentLog, clock: new TestClock(0) }, () => Promise.reject(bad));
  await expect(ask).rejects.toBe(bad);
});

test("the waiting can be ended", async () => {
  const [clock, end] = [new TestClock(0), new AbortController()];
  const ask = whenReached({ log: silentLog, clock, signal: end.signal }, () => Promise.reject(new Error("away")));
  await clock.advance(1_000);
  end.abort();
  await clock.advance(2_000);
  expect(await ask).toBeUndefined();
});
