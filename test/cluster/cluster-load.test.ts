import { expect, test } from "vitest";
import { ClusterLoad } from "../../src/cluster/cluster-load.ts";
import { type LoadRecord, writeLoad } from "../../src/cluster/load-record.ts";
import { TestClock } from "../support/test-clock.ts";

function scene() {
  const clock = new TestClock();
  const load = new ClusterLoad(clock);
  const said = (of: Partial<LoadRecord> = {}) => {
    const record: LoadRecord = {
      ...{ at: clock.now(), source: "edge", partition: "logs/0", lagMs: 0, records: 0, eventsPerSecond: 12.5 },
      ...{ shares: { detect: 0.6, wait: 0.4 }, ...of },
    };
    const { key, value } = writeLoad(record);
    load.take([{ key, value: Buffer.from(value), offset: 0 }]);
    return record;
  };
  return { clock, load, said };
}

test("the newest word of each partition holds", () => {
  const { load, said } = scene();
  said({ lagMs: 9_000 });
  const [zero, one] = [said({ lagMs: 100 }), said({ partition: "logs/1", lagMs: 2_000 })];
  expect(load.all()).toEqual([zero, one].map((record) => ({ v: 1, ...record })));
});

test("whoever has said nothing for half a minute is gone", async () => {
  const { clock, load, said } = scene();
  said();
  await clock.advance(29_000);
  said({ partition: "logs/1" });
  await clock.advance(2_000);
  expect(load.all().map(({ partition }) => partition)).toEqual(["logs/1"]);
});

test.for<[string, string | undefined, string]>([
  ["something else", "routes", "{}"],
  ["no JSON", "load/edge:logs/0", "{"],
  ["another version's", "load/edge:logs/0", '{"v":2,"lagMs":1}'],
  ["a lag that is none", "load/edge:logs/0", writeLoad({ at: 1, source: "edge", partition: "p", lagMs: -1, eventsPerSecond: 0, shares: {} }).value], // prettier-ignore
  ["a record without a key", undefined, "{}"],
])("%s is left out", ([, key, value]) => {
  const { load } = scene();
  load.take([{ key, value: Buffer.from(value), offset: 0 }]);
  expect(load.all()).toEqual([]);
});
