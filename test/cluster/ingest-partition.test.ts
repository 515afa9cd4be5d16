import { expect, test } from "vitest";
import { type Counting, IngestPartition } from "../../src/cluster/ingest-partition.ts";
import type { NormalizedBatch } from "../../src/normalize/access-event.ts";
import type { RawBatch } from "../../src/source/raw-batch.ts";
import { FakeCommitter } from "../support/fake-committer.ts";

const nothing: NormalizedBatch = { events: [], offsets: [], indexes: [], rejected: [] };

test("what was counted and how far was read become visible in one commit", async () => {
  const { partition, committer } = aPartition();
  await partition.add(batch("7", "8"), nothing);
  await partition.add(batch("9"), nothing);
  await partition.flush();
  expect(committer.commits).toEqual([
    {
      messages: [
        { topic: "t", partition: 0, key: "edge:logs/3", value: text("7 8 9 of 0") },
        { topic: "t", partition: 1, key: "edge:logs/3", value: text("7 8 9 of 1") },
        { topic: "f", partition: 0, key: "edge:logs/3", value: text("traffic of 3") },
        { topic: "c", partition: 0, key: "mark:edge:logs/3", value: "0" },
      ],
      offsets: [{ group: "g", topic: "logs", partition: 3, offset: "10" }],
    },
  ]);
});

test("a record for others goes along with the next commit, once", async () => {
  const { partition, committer } = aPartition();
  const record = { topic: "c", partition: 0, key: "routes", value: "all" };
  partition.send(record);
  for (const line of ["1", "2"]) {
    await partition.add(batch(line), nothing);
    await partition.flush();
  }
  expect(committer.commits.map(({ messages }) => messages.filter(({ key }) => key === "routes"))).toEqual([
    [record],
    [],
  ]);
});

test("nothing is committed where nothing was read", async () => {
  const { partition, committer } = aPartition();
  await partition.flush();
  await partition.add(batch("1"), nothing);
  await partition.flush();
  await partition.flush();
  expect(committer.commits).toHaveLength(1);
});

test("much is handed on at once, not at the next turn", async () => {
  const { partition, committer, counting } = aPartition();
  counting.size = 600 * 1024;
  await partition.add(batch("1"), nothing);
  expect(committer.commits).toHaveLength(1);
});

test("after a commit that failed nothing more is taken: what was counted is gone", async () => {
  const { partition, committer } = aPartition();
  await partition.add(batch("1"), nothing);
  committer.fail = new Error("no broker");
  await expect(partition.flush()).rejects.toThrow("no broker");
  await expect(partition.add(batch("2"), nothing)).rejects.toThrow("no broker");
  await expect(partition.flush()).rejects.toThrow("no broker");
  await partition.close();
  expect(committer.commits).toEqual([]);
});

test("closing hands on what is left, and lets go even where that fails", async () => {
  const { partition, committer } = aPartition();
  await partition.open();
  await partition.add(batch("1"), nothing);
  await partition.close();
  expect(committer.calls).toEqual(["open", "commit", "close"]);

  const broken = aPartition();
  await broken.partition.add(batch("1"), nothing);
  broken.committer.fail = new Error("fenced");
  await broken.partition.close();
  expect(broken.committer.calls).toEqual(["close"]);
});

// helpers

function aPartition() {
  const committer = new FakeCommitter();
  const counting = new TextCounting();
  const partition = new IngestPartition({
    ...{ name: "edge:logs/3", counting, committer },
    from: { group: "g", topic: "logs", partition: 3 },
    topics: { tallies: "t", traffic: "f", context: "c" },
  });
  return { partition, committer, counting };
}

/** "Counts" records by keeping them. */
class TextCounting implements Counting {
  size = 0;
  #records: string[] = [];

  add({ records }: RawBatch): void {
    this.#records.push(...(records as string[]));
  }

  take() {
    const all = this.#records.join(" ");
    const traffic = text(`traffic of ${this.#records.length}`);
    this.#records = [];
    this.size = 0;
    return { parts: [text(`${all} of 0`), text(`${all} of 1`)], traffic };
  }
}

function batch(...records: string[]): RawBatch {
  const offsets = records.map(Number);
  const next = String(Math.max(...offsets) + 1);
  return { source: "edge", partition: "edge:logs/3", records, offsets, refused: [], next, receivedAt: 0 };
}

function text(value: string): Uint8Array {
  return Buffer.from(value);
}
