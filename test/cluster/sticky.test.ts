import * as fc from "fast-check";
import kafkajs, { type Cluster, type Logger } from "kafkajs";
import { describe, expect, test } from "vitest";
import { type Holding, sticky } from "../../src/cluster/sticky.ts";

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;

describe("who gets which partitions", () => {
  test.for<[string, Record<string, Holding>, Record<string, number[]>]>([
    ["one has all", { a: fresh() }, { a: [0, 1, 2, 3] }],
    ["two that are new share", { a: fresh(), b: fresh() }, { a: [0, 1], b: [2, 3] }],
    ["all keep what they have", { a: having(1, 3), b: having(0, 2) }, { a: [1, 3], b: [0, 2] }],
    ["who is left takes the rest on", { b: having(0, 2) }, { b: [0, 1, 2, 3] }],
    ["who comes gets some of whoever has too many", { a: having(0, 1, 2, 3), b: fresh() }, { a: [0, 1], b: [2, 3] }],
    ["a third gets one, and only one moves", { a: having(0, 1), b: having(2, 3), c: fresh() }, { a: [0, 1], b: [2], c: [3] }], // prettier-ignore
    ["of two that say they have it, the later", { a: having(0, 1, 2), b: { partitions: [2, 3], since: 9 } }, { a: [0, 1], b: [2, 3] }], // prettier-ignore
    ["partitions that are no more are nobody's", { a: having(0, 7, 8), b: having(1) }, { a: [0, 2], b: [1, 3] }],
  ])("%s", async ([, holdings, expected]) => {
    const members = Object.entries(holdings).map(([id, holding]) => member(id, holding));
    expect(await assign(members)).toEqual(expected);
    expect(await assign(members.toReversed())).toEqual(expected);
  });

  test.for<[string, Buffer]>([
    ["nothing", Buffer.alloc(0)],
    ["no JSON", Buffer.from("{")],
    ["something else", Buffer.from('{"partitions":"all"}')],
  ])("whoever says %s of itself counts as new", async ([, userData]) => {
    const odd = { memberId: "odd", memberMetadata: MemberMetadata.encode({ version: 1, topics: [], userData }) };
    expect(await assign([odd, member("a", having(1, 2))])).toEqual({ a: [1, 2], odd: [0, 3] });
  });

  test("every partition is one member's, and nobody has two more than another", async () => {
    const holding = fc.record({ partitions: fc.uniqueArray(fc.nat(15)), since: fc.nat(5) });
    await fc.assert(
      fc.asyncProperty(fc.array(holding, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 12 }), async (holdings, many) => {
        const shares = Object.values(await assign(holdings.map((one, i) => member(`m${i}`, one)), many));
        expect(shares.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: many }, (_, i) => i));
        const sizes = shares.map((share) => share.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    ); // prettier-ignore
  });
});

// helpers

function fresh(): Holding {
  return { partitions: [], since: 0 };
}

function having(...partitions: number[]): Holding {
  return { partitions, since: 1 };
}

function assignerOf(holding: Holding, partitions = 4) {
  const cluster = {
    findTopicPartitionMetadata: () => Array.from({ length: partitions }, (_, partitionId) => ({ partitionId })),
  } as unknown as Cluster;
  return sticky(() => holding)({ cluster, groupId: "g", logger: {} as Logger });
}

function member(memberId: string, holding: Holding) {
  return { memberId, memberMetadata: assignerOf(holding).protocol({ topics: ["tallies"] }).metadata };
}

async function assign(members: ReturnType<typeof member>[], partitions?: number): Promise<Record<string, number[]>> {
  const assigned = await assignerOf(fresh(), partitions).assign({ members, topics: ["tallies"] });
  return Object.fromEntries(
    assigned.map(({ memberId, memberAssignment }) => [
      memberId,
      MemberAssignment.decode(memberAssignment)!.assignment["tallies"]!.toSorted((a, b) => a - b),
    ]),
  );
}
