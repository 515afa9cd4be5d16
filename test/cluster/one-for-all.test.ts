import kafkajs, { type Cluster, type Logger } from "kafkajs";
import { describe, expect, test } from "vitest";
import { oneForAll, type Standing } from "../../src/cluster/one-for-all.ts";

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;

describe("who gets all partitions", () => {
  test.for<[string, readonly Standing[], string]>([
    ["the only one", [{ instance: "a", started: 5 }], "a"],
    [
      "whoever was started first",
      [
        { instance: "b", started: 9 },
        { instance: "a", started: 5 },
      ],
      "a",
    ],
    [
      "whoever leads, however late it was started",
      [
        { instance: "a", started: 1 },
        { instance: "b", started: 9, since: 20 },
      ],
      "b",
    ],
    [
      "of two that think they lead, the one that has for longer",
      [
        { instance: "a", started: 1, since: 30 },
        { instance: "b", started: 9, since: 20 },
      ],
      "b",
    ],
    [
      "by name, where nothing else tells them apart",
      [
        { instance: "b", started: 5 },
        { instance: "a", started: 5 },
      ],
      "a",
    ],
  ])("%s", async ([, standings, chosen]) => {
    expect(await assign(standings.map((standing) => member(standing.instance, standing)))).toEqual([
      [chosen, { "access-logs": [0, 1, 2] }],
    ]);
  });

  test("the same one, whoever of them shares out", async () => {
    const members = [member("a", { instance: "a", started: 3 }), member("b", { instance: "b", started: 2 })];
    expect(await assign(members)).toEqual(await assign(members.toReversed()));
  });

  test.for<[string, Buffer]>([
    ["nothing", Buffer.alloc(0)],
    ["no JSON", Buffer.from("{")],
    ["something else", Buffer.from('{"instance":7}')],
  ])("nobody who says %s of itself, if there is another", async ([, userData]) => {
    const odd = { memberId: "odd", memberMetadata: MemberMetadata.encode({ version: 1, topics: [], userData }) };
    const all = { "access-logs": [0, 1, 2] };
    expect(await assign([odd, member("a", { instance: "a", started: 3 })])).toEqual([["a", all]]);
    expect(await assign([odd])).toEqual([["odd", all]]);
  });
});

// helpers

const cluster = {
  findTopicPartitionMetadata: () => [0, 1, 2].map((partitionId) => ({ partitionId })),
} as unknown as Cluster;

function assignerOf(standing: Standing) {
  return oneForAll(() => standing)({ cluster, groupId: "g", logger: {} as Logger });
}

function member(memberId: string, standing: Standing) {
  return { memberId, memberMetadata: assignerOf(standing).protocol({ topics: ["access-logs"] }).metadata };
}

async function assign(members: Parameters<ReturnType<typeof assignerOf>["assign"]>[0]["members"]) {
  const assigned = await assignerOf({ instance: "x", started: 0 }).assign({ members, topics: ["access-logs"] });
  return assigned.map(({ memberId, memberAssignment }) => [
    memberId,
    MemberAssignment.decode(memberAssignment)?.assignment,
  ]);
}
