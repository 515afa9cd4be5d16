import { expect, test } from "vitest";
import { repeatJobs } from "../src/jobs.ts";
import { silentLog } from "../src/log.ts";
import { TestClock } from "./support/test-clock.ts";

test("a job is never run twice at once; another is not held up by it", async () => {
  const clock = new TestClock();
  let running = 0;
  let most = 0;
  let starts = 0;
  let others = 0;
  let finish = () => {};
  const stop = repeatJobs({ clock, log: silentLog }, [
    {
      everyMs: 1_000,
      run: async () => {
        starts++;
        most = Math.max(most, ++running);
        await new Promise<void>((resolve) => (finish = resolve));
        running--;
      },
    },
    { everyMs: 500, run: () => void others++ },
  ]);
  await clock.advance(5_000);
  expect({ starts, others }).toEqual({ starts: 1, others: 10 });
  finish();
  await clock.advance(1_000);
  expect({ starts, most }).toEqual({ starts: 2, most: 1 });
  finish();
  await stop();
});

test.for([
  ["rejects", () => Promise.reject(new Error("oops"))],
  ["throws", () => thrown()],
] as const)("one that %s is told, and run again", async ([, run]) => {
  const clock = new TestClock();
  const told: unknown[] = [];
  const stop = repeatJobs({ clock, log: { ...silentLog, error: (facts: unknown) => told.push(facts) } }, [{ everyMs: 1_000, run }]);
  await clock.advance(3_000);
  expect(told).toEqual([1, 2, 3].map(() => ({ err: new Error("oops") })));
  await stop();
}); // prettier-ignore

test("the end waits for what is under way, and nothing begins after it", async () => {
  const clock = new TestClock();
  let starts = 0;
  let finish = () => {};
  const stop = repeatJobs({ clock, log: silentLog }, [
    {
      everyMs: 1_000,
      run: () => {
        starts++;
        return new Promise<void>((resolve) => (finish = resolve));
      },
    },
  ]);
  await clock.advance(1_000);
  let stopped = false;
  const stopping = stop().then(() => (stopped = true));
  await clock.advance(5_000);
  expect({ starts, stopped }).toEqual({ starts: 1, stopped: false });
  finish();
  await stopping;
});

function thrown(): never {
  throw new Error("oops");
}
