import { expect, test } from "vitest";
import { DetectPartition, type SavedPartition } from "../../src/cluster/detect-partition.ts";
import { readDetection } from "../../src/cluster/detection-record.ts";
import type { SavedStage } from "../../src/detect/detect-stage.ts";
import type { Detection } from "../../src/detect/detection.ts";
import { aDetection } from "../support/a-detection.ts";
import { FakeCommitter } from "../support/fake-committer.ts";

test("what is found is told before what it rests on is saved", async () => {
  const { partition, committer, order, kept } = await aPartition();
  await partition.handle(tallies(4, "a", "found b"));
  await partition.save();
  expect(committer.commits).toHaveLength(1);
  expect(readDetection(String(committer.commits[0]!.messages[0]!.value))?.summary).toBe("found b");
  expect(order).toEqual(["rows handed over", "rows in the store", "saved"]);
  expect(kept.state).toEqual({ offset: "6", detect: "a|found b", minutes: 2 });
});

test("counts are handed over as time passes, whether anything is saved or not", async () => {
  const { partition, order } = await aPartition();
  await partition.handle(tallies(0, "a"));
  await partition.tick();
  expect(order).toEqual(["rows handed over"]);
});

test("a tally that comes again is counted once", async () => {
  const { partition, kept } = await aPartition();
  await partition.handle(tallies(0, "a", "b"));
  await partition.handle(tallies(0, "a", "b", "c"));
  await partition.save();
  expect(kept.state).toEqual({ offset: "3", detect: "a|b|c", minutes: 3 });
});

test("when one can't be counted, nobody knows what was: nothing of it is saved, and it is opened anew", async () => {
  const { partition, kept } = await aPartition();
  await partition.handle(tallies(0, "a"));
  await partition.save();
  await expect(partition.handle(tallies(1, "b", "broken"))).rejects.toThrow("broken");
  await expect(partition.save()).rejects.toThrow("broken");
  expect(await partition.resume()).toBe(false);
  expect(kept.state).toEqual({ offset: "1", detect: "a", minutes: 1 });
});

test("goes on from what the one before had saved", async () => {
  const first = await aPartition();
  await first.partition.handle(tallies(0, "a"));
  await first.partition.save();
  await first.partition.handle(tallies(1, "lost with its instance"));
  const second = await aPartition(first.kept);
  expect(second.partition.offset).toBe("1");
  await second.partition.handle(tallies(1, "b"));
  await second.partition.save();
  expect(second.kept.state).toEqual({ offset: "2", detect: "a|b", minutes: 2 });
});

test("it is caught up once all was taken that had come before it was opened", async () => {
  const { partition } = await aPartition();
  await partition.handle(tallies(0, "a", "b"));
  expect(partition.isCaughtUp).toBe(false); // even though no more than ends of transactions may follow the sixth
  await partition.handle(tallies(2, "c", "d", "e", "f"));
  expect(partition.isCaughtUp).toBe(true);
});

test("it goes on with what it has, if nobody else has had it", async () => {
  const { partition } = await aPartition();
  await partition.handle(tallies(0, "a"));
  expect(await partition.resume()).toBe(true);
  expect(partition.offset).toBe("1");
  await partition.handle(tallies(1, "b"));
});

test.for<[string, (of: Awaited<ReturnType<typeof aPartition>>) => Promise<unknown>]>([
  ["another has taken it over", async ({ saver }) => (saver.fail = new Error("fenced"))],
  [
    "something found could not be told",
    async ({ committer, partition }) => {
      committer.fail = new Error("no broker");
      await partition.handle(tallies(0, "found a")).catch(() => {});
    },
  ],
])("it has to be opened anew when %s", async ([, happens]) => {
  const a = await aPartition();
  await happens(a);
  expect(await a.partition.resume()).toBe(false);
});

test("one that could not be opened whole is opened anew", async () => {
  const { partition } = await aPartition({ state: undefined }, async () => {
    throw new Error("the broker is away");
  });
  expect(await partition.resume()).toBe(false);
});

test("whoever had it before is kept from handing on and from saving before their state is read", async () => {
  const { partition, fenced, saver } = await aPartition();
  expect(fenced).toEqual(["open", "open"]);
  await partition.close();
  expect(saver.calls).toEqual(["open", "close"]);
});

test("nothing is saved where nothing changed", async () => {
  const { partition, order } = await aPartition();
  await partition.save();
  await partition.handle(tallies(0, "a"));
  await partition.save();
  await partition.save();
  expect(order.filter((step) => step === "saved")).toHaveLength(1);
});

test("what could not be told is not saved either, and the part takes nothing more", async () => {
  const { partition, committer, kept } = await aPartition();
  committer.fail = new Error("fenced");
  await expect(partition.handle(tallies(0, "found a"))).rejects.toThrow("fenced");
  await expect(partition.handle(tallies(1, "b"))).rejects.toThrow("fenced");
  await expect(partition.save()).rejects.toThrow("fenced");
  await partition.close();
  expect(kept.state).toBeUndefined();
  expect(committer.calls).toEqual(["open", "close"]);
});

test("rows that the store does not take keep the position where it was", async () => {
  const { partition, kept, store } = await aPartition();
  await partition.handle(tallies(0, "a"));
  store.fail = true;
  await expect(partition.save()).rejects.toThrow("no store");
  expect(kept.state).toBeUndefined();
  store.fail = false;
  await partition.save();
  expect(kept.state?.offset).toBe("1");
});

test("only what was written can be followed by changes", async () => {
  const { partition, store, written } = await aPartition();
  for (const [i, fail] of [false, true, false].entries()) {
    await partition.handle(tallies(i, String(i)));
    store.fail = fail;
    await partition.save().catch(() => {});
  }
  expect(written).toEqual(["0", "0|1|2"]);
});

test("tallies are taken while a state is written, and it holds what was counted before", async () => {
  const { partition, kept, writing } = await aPartition();
  await partition.handle(tallies(0, "a"));
  writing.until = Promise.withResolvers();
  const saving = partition.save();
  await writing.begun.promise;
  await partition.handle(tallies(1, "b"));
  expect(partition.offset).toBe("2");
  expect(kept.state).toBeUndefined();
  writing.until.resolve(undefined);
  await saving;
  expect(kept.state).toEqual({ offset: "1", detect: "a", minutes: 1 });
  await partition.save();
  expect(kept.state).toEqual({ offset: "2", detect: "a|b", minutes: 2 });
});

test("an older state is not written over a newer one", async () => {
  const { partition, kept, order, writing } = await aPartition();
  await partition.handle(tallies(0, "a"));
  const until = (writing.until = Promise.withResolvers());
  const older = partition.save();
  await writing.begun.promise;
  await partition.handle(tallies(1, "b"));
  const newer = partition.save();
  await partition.handle(tallies(2, "c"));
  expect(order).toEqual(["rows handed over", "rows in the store"]);
  writing.until = undefined;
  until.resolve(undefined);
  await Promise.all([older, newer]);
  expect(kept.state?.offset).toBe("3");
});

test("what is being written is written to its end before the part is let go", async () => {
  const { partition, committer, writing } = await aPartition();
  await partition.handle(tallies(0, "a"));
  writing.until = Promise.withResolvers();
  const saving = partition.save();
  await writing.begun.promise;
  const closing = partition.close();
  await partition.handle(tallies(1, "b"));
  expect(committer.calls).toEqual(["open"]);
  writing.until.resolve(undefined);
  await Promise.all([saving, closing]);
  expect(committer.calls).toEqual(["open", "close"]);
});

// helpers

interface Kept {
  state: SavedPartition<number> | undefined;
}

/** An engine that "counts" tallies by keeping their texts; `found …` is a detection. */
async function aPartition(kept: Kept = { state: undefined }, end: () => Promise<number> = async () => 70) {
  const [committer, saver] = [new FakeCommitter(), new FakeCommitter()];
  const order: string[] = [];
  const store = { fail: false };
  /** `until` then nothing is written, though it has `begun`. */
  const writing: { until?: PromiseWithResolvers<unknown> | undefined; begun: PromiseWithResolvers<void> } = {
    begun: Promise.withResolvers(),
  };
  const counted: string[] = [];
  const written: string[] = [];
  let rows = 0;
  const partition = new DetectPartition<number>({
    stage: {
      merge(bytes) {
        const text = Buffer.from(bytes).toString();
        if (text === "broken") throw new Error("broken");
        counted.push(text);
        rows++;
        return text.startsWith("found") ? [found(text)] : [];
      },
      tick: () => [],
      save: () => counted.join("|") as unknown as SavedStage,
      written: (saved) => void written.push(saved as unknown as string),
      load: ([saved]) => void counted.push(...(saved as unknown as string).split("|")),
    },
    minutes: {
      flush: async () => void order.push("rows handed over"),
      snapshot: () => rows,
      restore: (saved) => void (rows = saved),
    },
    committer,
    saver,
    state: {
      load: async () => {
        order.push(...[committer, saver].flatMap(({ calls }) => calls));
        return kept.state === undefined ? [] : [kept.state];
      },
      extent: () => "changes",
      save: async (state) => {
        writing.begun.resolve();
        await writing.until?.promise;
        order.push("saved");
        kept.state = state;
      },
      confirm: () => saver.commit({ messages: [] }),
    },
    store: {
      flush: async () => {
        if (store.fail) throw new Error("no store");
        order.push("rows in the store");
      },
    },
    end,
    detections: "d",
  });
  await partition.open().catch(() => {});
  const fenced = order.splice(0);
  return { partition, committer, saver, fenced, order, kept, store, writing, written };
}

function found(summary: string): Detection {
  return aDetection({ summary });
}

function tallies(from: number, ...texts: string[]) {
  return {
    tallies: texts.map((text, i) => ({ offset: from + i, bytes: Buffer.from(text) })),
    next: String(from + texts.length),
  };
}
