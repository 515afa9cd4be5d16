import { expect, test } from "vitest";
import { SilenceWatch } from "../../src/source/silence.ts";
import { TestClock } from "../support/test-clock.ts";

function watch(silentAfter: number | "never" = 60_000) {
  const clock = new TestClock();
  const changes: [string, number | undefined][] = [];
  const sources = [
    { name: "edge", silentAfter },
    { name: "other", silentAfter: "never" as const },
  ];
  const silence = new SilenceWatch({ clock, sources, onChange: (source, ms) => changes.push([source, ms]) });
  silence.start();
  return { clock, changes, silence };
}

test("a source that never sent anything is silent after its time, once", async () => {
  const { clock, changes } = watch();
  await clock.advance(59_999);
  expect(changes).toEqual([]);
  await clock.advance(120_000);
  expect(changes).toEqual([["edge", 60_000]]);
});

test("what arrives postpones it; the next record brings it back, and it can fall silent again", async () => {
  const { clock, changes, silence } = watch();
  await clock.advance(50_000);
  silence.arrived("edge");
  await clock.advance(50_000);
  expect(changes).toEqual([]);
  await clock.advance(20_000);
  silence.arrived("edge");
  silence.arrived("edge");
  expect(changes).toEqual([
    ["edge", 60_000],
    ["edge", undefined],
  ]);
  await clock.advance(61_000);
  expect(changes).toHaveLength(3);
});

test("a source that has ended is not silent, and one that ends while silent is back", async () => {
  const quiet = watch();
  quiet.silence.ended("edge");
  await quiet.clock.advance(300_000);
  expect(quiet.changes).toEqual([]);
  const silent = watch();
  await silent.clock.advance(60_000);
  silent.silence.ended("edge");
  expect(silent.changes.at(-1)).toEqual(["edge", undefined]);
});

test("never is never; unknown names and a stopped watch do nothing", async () => {
  const { clock, changes, silence } = watch("never");
  silence.arrived("nobody");
  silence.ended("nobody");
  await clock.advance(600_000);
  const stopped = watch();
  stopped.silence.stop();
  await stopped.clock.advance(600_000);
  expect([...changes, ...stopped.changes]).toEqual([]);
});
