import kafkajs, { type GroupMember, type PartitionAssigner } from "kafkajs";
import { z } from "zod";

const { MemberMetadata, MemberAssignment } = kafkajs.AssignerProtocol;
const version = 1;

/** What a member says of itself when it joins. Times are of its own clock, epoch ms. */
const standingSchema = z.object({
  instance: z.string(),
  started: z.number(),
  /** Since when it leads; absent when it does not, or is not sure any more. */
  since: z.number().optional(),
});

export type Standing = z.output<typeof standingSchema>;

/**
 * Gives all partitions of a group to one member: to the one that has led for longest, or else to the one
 * that was started first. The others are members without partitions, and ready to take over.
 */
export function oneForAll(standing: () => Standing): PartitionAssigner {
  return ({ cluster }) => ({
    name: "gatewatch-one-for-all",
    version,
    protocol({ topics }) {
      const userData = Buffer.from(JSON.stringify(standing()));
      return { name: this.name, metadata: MemberMetadata.encode({ version, topics, userData }) };
    },
    async assign({ members, topics }) {
      const chosen = choose(members);
      if (chosen === undefined) return [];
      const assignment = Object.fromEntries(
        topics.map((topic) => [topic, cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId)]),
      );
      const memberAssignment = MemberAssignment.encode({ version, assignment, userData: Buffer.alloc(0) });
      return [{ memberId: chosen.memberId, memberAssignment }];
    },
  });
}

// helpers

function choose(members: readonly GroupMember[]): GroupMember | undefined {
  return members
    .map((member) => ({ member, standing: standingOf(member) }))
    .toSorted(
      ({ standing: a }, { standing: b }) =>
        (a.since ?? Infinity) - (b.since ?? Infinity) || a.started - b.started || (a.instance < b.instance ? -1 : 1),
    )
    .at(0)?.member;
}

/** A member that says nothing we understand comes last. */
function standingOf({ memberId, memberMetadata }: GroupMember): Standing {
  const unknown = { instance: memberId, started: Infinity };
  try {
    const text = MemberMetadata.decode(memberMetadata)?.userData.toString() ?? "";
    return standingSchema.safeParse(JSON.parse(text)).data ?? unknown;
  } catch {
    return unknown;
  }
}
