import { expect, test } from "vitest";
import { RecentBlocks } from "../../src/block/recent-blocks.ts";
import { TestClock } from "../support/test-clock.ts";
import { aDecision } from "./a-decision.ts";

const minute = 60_000;
const logins = { attempts: 10, failures: 9 };

test("clients of ten minutes, decisions of one, logins of five", async () => {
  const clock = new TestClock();
  const recent = new RecentBlocks(clock);
  const decide = (value: string, detection: string, scope: "ip" | "user" = "ip") =>
    recent.add(aDecision({ value, detection, scope, createdAt: clock.now() }), logins);
  decide("203.0.113.1", "det_a");
  decide("203.0.113.2", "det_a");
  decide("203.0.113.2", "det_b");
  decide("alice", "det_c", "user");
  const three = { attempts: 30, failures: 27 };
  expect(recent.summary("det_other")).toEqual({ clients: 2, lastMinute: 4, logins: three });
  expect(recent.summary("det_a").logins).toEqual({ attempts: 20, failures: 18 });
  await clock.advance(minute);
  expect(recent.summary(undefined)).toEqual({ clients: 2, lastMinute: 0, logins: three });
  await clock.advance(4 * minute);
  expect(recent.summary(undefined).logins).toEqual({ attempts: 0, failures: 0 });
  expect(recent.wave()).toHaveLength(4);
  await clock.advance(5 * minute);
  expect(recent.wave()).toEqual([]);
  expect(recent.summary(undefined).clients).toBe(0);
});
