import { expect, test } from "vitest";
import { Detect } from "../../src/cluster/detect.ts";
import type { DetectPartition } from "../../src/cluster/detect-partition.ts";

test("a part that comes back goes on with what it has: it is neither saved nor loaded", async () => {
  const { detect, calls } = aDetect();
  await detect.claim(["t/0"]);
  await detect.revoked(["t/0"]);
  expect([...detect.partitions.keys()]).toEqual([]);
  expect([...detect.known.keys()]).toEqual(["t/0"]);
  await detect.claim(["t/0"]);
  expect(calls).toEqual(["open t/0", "resume t/0"]);
  expect([...detect.partitions.keys()]).toEqual(["t/0"]);
});

test("one that another has had in the meantime is opened anew", async () => {
  const { detect, calls, taken } = aDetect();
  await detect.claim(["t/0"]);
  await detect.revoked(["t/0"]);
  taken.add("t/0");
  await detect.claim(["t/0"]);
  expect(calls).toEqual(["open t/0", "resume t/0", "close t/0", "open t/0"]);
});

test("one that is another's now is closed, and not saved: it would be fenced", async () => {
  const { detect, calls, closed } = aDetect();
  await detect.claim(["t/0", "t/1"]);
  await detect.revoked(["t/0", "t/1"]);
  await detect.claim(["t/1"]);
  detect.assigned();
  expect(calls).toEqual(["open t/0", "open t/1", "resume t/1", "close t/0"]);
  expect(closed).toEqual(["t/0"]);
  expect([...detect.known.keys()]).toEqual(["t/1"]);
});

test("what is kept is left alone until it comes back", async () => {
  const { detect, calls } = aDetect();
  await detect.claim(["t/0", "t/1"]);
  await detect.revoked(["t/0"]);
  await detect.tick();
  await detect.save();
  expect(calls.slice(2)).toEqual(["tick t/1", "save t/1"]);
  expect(detect.behind()).toEqual(["t/1 is being caught up with"]);
});

test("parts are saved one after the other, so that tallies never wait for all copies", async () => {
  const { detect, calls } = aDetect();
  await detect.claim(["t/0", "t/1"]);
  const saving = detect.save();
  expect(calls.slice(2)).toEqual(["save t/0"]);
  await saving;
  expect(calls.slice(2)).toEqual(["save t/0", "save t/1"]);
});

test("at the end what it has is saved, and everything closed", async () => {
  const { detect, calls } = aDetect();
  await detect.claim(["t/0", "t/1"]);
  await detect.revoked(["t/1"]);
  await detect.close();
  expect(calls.slice(2).toSorted()).toEqual(["close t/0", "close t/1", "save t/0"]);
  expect([...detect.known.keys()]).toEqual([]);
});

test("what fails is read anew, unless it was given up in the meantime", async () => {
  const { detect, restarts, failing } = aDetect();
  await detect.claim(["t/0"]);
  failing.add("t/0");
  await detect.tick();
  expect(restarts).toHaveLength(1);
  const ticking = detect.tick();
  await detect.revoked(["t/0"]);
  await ticking;
  expect(restarts).toHaveLength(1);
});

test("when one can't be opened, none is read", async () => {
  const { detect, failing } = aDetect();
  failing.add("t/1");
  await expect(detect.claim(["t/0", "t/1"])).rejects.toThrow("t/1");
  expect([...detect.partitions.keys()]).toEqual([]);
});

// helpers

/** `taken`: had by others since; `failing`: everything that is done with them fails. */
function aDetect() {
  const [calls, closed, restarts] = [[] as string[], [] as string[], [] as unknown[]];
  const [taken, failing] = [new Set<string>(), new Set<string>()];
  const detect = new Detect<number>({
    partitionOf(name) {
      const call = async (what: string) => {
        calls.push(`${what} ${name}`);
        await Promise.resolve();
        if (failing.has(name)) throw new Error(name);
      };
      const partition: Partial<DetectPartition<number>> = {
        isCaughtUp: false,
        open: () => call("open"),
        async resume() {
          await call("resume");
          return !taken.has(name);
        },
        tick: () => call("tick"),
        save: () => call("save"),
        close: () => call("close"),
      };
      return partition as DetectPartition<number>;
    },
    restart: (error) => restarts.push(error),
    onClosed: (name) => closed.push(name),
    onLost: () => {},
    onTrouble: () => {},
  });
  return { detect, calls, closed, restarts, taken, failing };
}
