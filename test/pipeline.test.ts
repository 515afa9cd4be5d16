import { describe, expect, test } from "vitest";
import type { LoadWatch } from "../src/load-watch.ts";
import { PartitionLag } from "../src/partition-lag.ts";
import type { SavedState } from "../src/pipeline.ts";
import type { Stage, StageTimes } from "../src/stage-times.ts";
import { learned, aBatch, pipelineScene, sceneStart } from "./support/pipeline-scene.ts";
import { TestClock } from "./support/test-clock.ts";

test("a batch goes through all stages in order, and is looked at last", async () => {
  const { pipeline, calls } = pipelineScene();
  await pipeline.handle(aBatch(["ok", "bad", "attack"]));
  expect(calls).toEqual([
    "normalize",
    "detect",
    "respond edge:logs/0 3 0",
    "count edge:logs/0",
    "write rejected_records",
    "observe 2 1 1 of edge:logs/0",
  ]);
});

test("where there is nothing to hand on, nobody is asked", async () => {
  const { pipeline, calls, sourceEvents } = pipelineScene();
  await pipeline.handle(aBatch([]));
  expect(calls).toEqual(["normalize", "detect", "count edge:logs/0", "observe 0 0 0 of edge:logs/0"]);
  // A mark of where reading begins is no sign of life.
  expect(sourceEvents).toEqual([]);
});

test("batches of several sources are taken one at a time, in the order they came", async () => {
  let running = 0;
  let most = 0;
  const { pipeline, calls } = pipelineScene({
    respond: async () => {
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running--;
    },
  });
  await Promise.all([
    pipeline.handle(aBatch(["attack"])),
    pipeline.handle(aBatch(["attack"], { source: "push" })),
    pipeline.tick(),
    pipeline.between(async () => void calls.push("between")),
    pipeline.handle(aBatch(["ok"])),
  ]);
  expect(most).toBe(1);
  expect(calls.filter((call) => /^(observe|between|flush)/.test(call))).toEqual([
    "observe 1 0 1 of edge:logs/0",
    "observe 1 0 1 of push:logs/0",
    "flush minutes",
    "between",
    "observe 1 0 0 of edge:logs/0",
  ]);
});

describe("what is saved", () => {
  test("is what was counted with exactly how far was read; then the sources are told", async () => {
    const { pipeline, calls, states, sources } = pipelineScene();
    await pipeline.handle(aBatch(["ok"]));
    calls.length = 0;
    const saving = pipeline.save();
    await new Promise(setImmediate);
    const next = pipeline.handle(aBatch(["ok", "ok"], { next: 3 }));
    await Promise.all([saving, next]);
    expect(states).toEqual([{ positions: [["edge:logs/0", 1]], detect: ["ok"], minutes: ["ok"], routes: learned }]);
    expect(calls.filter((call) => /flush|save|tell/.test(call))).toEqual([
      "flush minutes",
      "flush store",
      "save",
      "tell edge",
      "tell push",
    ]);
    expect(sources[0].saves).toEqual([new Map([["edge:logs/0", 1]])]);
  });

  test("is nothing, where nothing came since", async () => {
    const { pipeline, states } = pipelineScene();
    await pipeline.save();
    await pipeline.handle(aBatch(["ok"]));
    await pipeline.save();
    await pipeline.save();
    expect(states).toHaveLength(1);
  });

  test.for(["flush", "save"] as const)("when the %s fails the sources are told nothing", async (failing) => {
    const { pipeline, sources } = pipelineScene({
      ...(failing === "save" && { save: () => Promise.reject(new Error("disk full")) }),
      ...(failing === "flush" && { store: { write: async () => {}, flush: () => Promise.reject(new Error("disk full")) } }),
    });
    await pipeline.handle(aBatch(["ok"]));
    await expect(pipeline.save()).rejects.toThrow("disk full");
    expect(sources[0].saves).toEqual([]);
    // And it goes on all the same.
    await pipeline.handle(aBatch(["ok"]));
  }); // prettier-ignore

  test("is where the next start goes on", async () => {
    const { pipeline } = pipelineScene({
      saved: { positions: [["edge:logs/0", 7]], detect: [], minutes: [] } as unknown as SavedState,
    });
    expect(pipeline.resumeAt("edge:logs/0")).toBe(7);
    expect(pipeline.resumeAt("edge:logs/1")).toBeUndefined();
    await pipeline.handle(aBatch(["ok"], { next: 8 }));
    expect(pipeline.resumeAt("edge:logs/0")).toBe(8);
  });
});

describe("detections that can't be made durable", () => {
  test("are handed on again until they are taken, and everything waits for it", async () => {
    let failures = 3;
    const { pipeline, clock, stuck, calls } = pipelineScene({
      respond: async () => {
        if (failures-- > 0) throw new Error("disk full");
        calls.push("taken");
      },
    });
    const handled = pipeline.handle(aBatch(["attack"]));
    const next = pipeline.handle(aBatch(["ok"]));
    await clock.advance(0);
    await clock.advance(2_500);
    expect(stuck).toHaveLength(3);
    expect(calls).not.toContain("taken");
    await clock.advance(1_000);
    await Promise.all([handled, next]);
    expect(calls.indexOf("taken")).toBeLessThan(calls.lastIndexOf("normalize"));
  });

  test("are given up at a stop, and then nothing is saved: the next start finds them again", async () => {
    const { pipeline, clock, states } = pipelineScene({ respond: () => Promise.reject(new Error("disk full")) });
    await pipeline.handle(aBatch(["ok"]));
    await pipeline.save();
    await pipeline.handle(aBatch(["ok"], { next: 2 }));
    const handled = pipeline.handle(aBatch(["attack"], { next: 3 }));
    handled.catch(() => {});
    await clock.advance(0);
    await clock.advance(1_500);
    pipeline.stop();
    await expect(handled).rejects.toThrow("disk full");
    await pipeline.save();
    expect(states.map(({ positions, detect }) => [positions, detect])).toEqual([[[["edge:logs/0", 1]], ["ok"]]]);
  });

  test.for([
    ["rows of minutes", { minutes: true }],
    ["rejected records", { store: true }],
  ] as const)("nor is anything saved once %s could not be handed over", async ([, failing]) => {
    const failure = () => Promise.reject(new Error("closed"));
    const scene = pipelineScene(
      "store" in failing
        ? { store: { write: failure, flush: async () => {} } }
        : { minutes: { add: failure, flush: async () => {}, release: () => {}, snapshot: () => [], restore: () => {} } },
    );
    await expect(scene.pipeline.handle(aBatch(["ok", "bad"]))).rejects.toThrow("closed");
    await scene.pipeline.save();
    expect(scene.states).toEqual([]);
    expect(scene.pipeline.resumeAt("edge:logs/0")).toBeUndefined();
  }); // prettier-ignore
});

describe("partitions", () => {
  test("that are taken away are released, and what was handled of them is saved", async () => {
    const { pipeline, calls, states, watermark } = pipelineScene();
    pipeline.assigned(["edge:logs/0", "edge:logs/1"]);
    await pipeline.handle(aBatch(["+30"]));
    expect(watermark.value).toBe(0);
    await pipeline.revoked(["edge:logs/1"]);
    expect(calls).toContain("release edge:logs/1");
    expect(states.map(({ positions }) => positions)).toEqual([[["edge:logs/0", 1]]]);
    expect(watermark.advance()).toBeGreaterThan(0);
  });

  test("that have ended are not waited for", async () => {
    const { pipeline, watermark } = pipelineScene();
    pipeline.assigned(["edge:logs/0", "edge:logs/1"]);
    await pipeline.handle(aBatch(["+30"]));
    pipeline.ended("edge:logs/1");
    await pipeline.tick();
    expect(watermark.value).toBeGreaterThan(0);
  });

  test("that run ahead are paused at their own source, and resumed once the others follow", async () => {
    const { pipeline, calls } = pipelineScene();
    const slow = { source: "push", partition: "push:logs/0" };
    await pipeline.handle(aBatch(["+0"], slow));
    await pipeline.handle(aBatch(["+100"]));
    expect(calls.filter((call) => call.startsWith("pause"))).toEqual(["pause edge:logs/0"]);
    await pipeline.handle(aBatch(["+90"], slow));
    expect(calls.filter((call) => call.startsWith("resume"))).toEqual(["resume edge:logs/0"]);
  });
});

test("what sources say of themselves is passed on", async () => {
  const { pipeline, sourceEvents } = pipelineScene();
  await pipeline.handle(aBatch(["bad"]));
  await pipeline.handle(aBatch([], { refused: [{ offset: 3, reason: "too_long", head: "x" }] }));
  pipeline.trouble("edge", "unreachable");
  pipeline.trouble("edge", undefined);
  pipeline.finished("edge");
  expect(sourceEvents).toEqual([
    { kind: "arrived", source: "edge" },
    { kind: "arrived", source: "edge" },
    { kind: "trouble", source: "edge", reason: "unreachable" },
    { kind: "trouble", source: "edge", reason: undefined },
    { kind: "ended", source: "edge" },
  ]);
});

test("a finish judges what is left, hands it on and saves", async () => {
  const { pipeline, calls } = pipelineScene();
  await pipeline.handle(aBatch(["ok"]));
  calls.length = 0;
  await pipeline.finish();
  expect(calls).toEqual(["respond the last", "flush minutes", "flush store", "save", "tell edge", "tell push"]);
});

test("a call that fails doesn't hold up the next", async () => {
  const { pipeline, calls } = pipelineScene();
  const failing = pipeline.between(() => Promise.reject(new Error("a bad rule")));
  const next = pipeline.between(async () => void calls.push("next"));
  await expect(failing).rejects.toThrow("a bad rule");
  await next;
  expect(calls).toEqual(["next"]);
});

test("what waits and where the time goes is followed: a batch that can't be handed on is behind, and says why", async () => {
  const load: Pick<LoadWatch, "times" | "lag"> = {
    lag: new PartitionLag({ clock: new TestClock(sceneStart), behind: () => 0 }),
    times: { enter: (stage) => void entered.push(stage) } as StageTimes,
  };
  const entered: (Stage | undefined)[] = [];
  const held = Promise.withResolvers<void>();
  const { pipeline } = pipelineScene({ load, respond: () => held.promise });
  const handled = pipeline.handle(aBatch(["attack"], { timestamps: [sceneStart - 5_000] }));
  await new Promise(setImmediate);
  expect(load.lag.all()).toMatchObject([{ source: "edge", lagMs: 5_000, records: 1 }]);
  expect(entered).toEqual(["normalize", "detect", "respond"]);
  held.resolve();
  await handled;
  expect(load.lag.all()).toMatchObject([{ lagMs: 0, records: 0 }]);
  expect(entered.slice(3)).toEqual(["count", "store", "respond", undefined]);
  await pipeline.revoked(["edge:logs/0"]);
  expect(load.lag.all()).toEqual([]);
});
