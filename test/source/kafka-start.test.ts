import { expect, test } from "vitest";
import { type PartitionOffsets, planStart } from "../../src/source/kafka-start.ts";
import type { Position } from "../../src/source/raw-batch.ts";

const partition = (committed: number | undefined, partition = 0): PartitionOffsets => {
  return { partition, low: 10, high: 100, committed };
};

function plan(
  partitions: PartitionOffsets[],
  saved: Position | undefined,
  from: "latest" | "earliest" = "latest",
  assigned = partitions.map((p) => p.partition),
) {
  const { starts, pins, lost } = planStart({ partitions, assigned, resumeAt: () => saved, from });
  return { starts: Object.fromEntries(starts), pins: Object.fromEntries(pins), lost };
}

test.for<[string, ReturnType<typeof plan>, ReturnType<typeof plan>]>([
  ["our own position wins over an older commit", plan([partition(20)], "50"), { starts: { 0: 50 }, pins: {}, lost: [] }],
  ["our own position wins over a newer commit", plan([partition(80)], "50"), { starts: { 0: 50 }, pins: {}, lost: [] }],
  ["position 10 is a position", plan([partition(80)], "10"), { starts: { 0: 10 }, pins: {}, lost: [] }],
  ["the commit, where we have none", plan([partition(80)], undefined), { starts: { 0: 80 }, pins: {}, lost: [] }],
  ["a position of another kind is none", plan([partition(80)], { inode: 1 }), { starts: { 0: 80 }, pins: {}, lost: [] }],
  ["a new group from latest, pinned", plan([partition(undefined)], undefined), { starts: { 0: 100 }, pins: { 0: 100 }, lost: [] }],
  ["a new group from earliest, pinned", plan([partition(undefined)], undefined, "earliest"), { starts: { 0: 10 }, pins: { 0: 10 }, lost: [] }],
  ["all partitions are pinned, also those of others", plan([partition(undefined), partition(undefined, 1)], undefined, "latest", [1]), { starts: { 1: 100 }, pins: { 0: 100, 1: 100 }, lost: [] }],
  ["a partition added later is read from its beginning", plan([partition(50), partition(undefined, 1)], undefined), { starts: { 0: 50, 1: 10 }, pins: {}, lost: [] }],
  ["deleted by retention: the oldest there is", plan([partition(undefined)], "3"), { starts: { 0: 10 }, pins: { 0: 100 }, lost: [0] }],
  ["beyond the end: what comes", plan([partition(50)], "1000"), { starts: { 0: 100 }, pins: {}, lost: [0] }],
])("%s", ([, got, expected]) => {
  expect(got).toEqual(expected);
}); // prettier-ignore
