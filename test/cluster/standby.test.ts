import { describe, expect, test } from "vitest";
import { Standby } from "../../src/cluster/standby.ts";
import { RecordingIo } from "../support/recording-io.ts";

describe("sources that are given partitions", () => {
  test("the first takes over, and the others wait for it", async () => {
    const { standby, calls, begun, io } = scene();
    const claims = Promise.all([standby.claim(), standby.claim()]);
    begun.resolve(io);
    await claims;
    expect(calls).toEqual(["begin", "prove"]);
    standby.assigned(["edge:access-logs/0"]);
    expect(io.assignedPartitions).toEqual(["edge:access-logs/0"]);
  });

  test("each later generation proves that nobody has taken over in between", async () => {
    const { standby, calls, begun, io, fail } = scene();
    begun.resolve(io);
    await standby.claim();
    await standby.claim();
    expect(calls).toEqual(["begin", "prove"]);
    fail.proof = new Error("taken over");
    await expect(standby.claim()).rejects.toThrow("taken over");
  });

  test("nothing is handled before, and where to begin is not known", () => {
    const { standby } = scene();
    expect(() => standby.resumeAt("edge:access-logs/0")).toThrow(/before it has claimed/);
  });

  test("what a group takes back while others come or go is not given up", async () => {
    const { standby, begun, io } = scene();
    begun.resolve(io);
    await standby.claim();
    await standby.revoked();
    expect(io.revokedPartitions).toEqual([]);
  });

  test("trouble is told while it is warm, and to the pipeline later", async () => {
    const { standby, begun, io, troubles } = scene();
    standby.trouble("edge", "broker_unreachable");
    begun.resolve(io);
    await standby.claim();
    standby.trouble("edge", undefined);
    expect(troubles).toEqual(["broker_unreachable", undefined]);
    expect(io.troubles).toEqual([undefined]);
  });
});

// helpers

function scene() {
  const calls: string[] = [];
  const troubles: (string | undefined)[] = [];
  const begun = Promise.withResolvers<RecordingIo>();
  const fail: { proof?: Error } = {};
  const standby = new Standby({
    begin() {
      calls.push("begin");
      return begun.promise;
    },
    async prove() {
      calls.push("prove");
      if (fail.proof) throw fail.proof;
    },
    onTrouble: (_source, reason) => troubles.push(reason),
  });
  return { standby, calls, troubles, begun, fail, io: new RecordingIo() };
}
