import kafkajs, { type GroupMember, type PartitionAssigner } from "kafkajs";
import { z } from "zod";

const { MemberMetadata, MemberAssignment } = kafkajs.AssignerProtocol;
const version = 1;

/** What a member says of itself when it joins again. */
const holdingSchema = z.object({
  partitions: z.array(z.int()),
  /** Since when it has them, by its own clock, epoch ms. */
  since: z.number(),
});

export type Holding = z.output<typeof holdingSchema>;

/**
 * Gives each member of a group the partitions it had before, as far as that is fair: what members hold of
 * their partitions in memory is of use again, and who joins or leaves moves as few as can be. Where two say
 * they have the same one, the later of them does: the other was expelled.
 */
export function sticky(holding: () => Holding): PartitionAssigner {
  return ({ cluster }) => ({
    name: "gatewatch-sticky",
    version,
    protocol({ topics }) {
      const userData = Buffer.from(JSON.stringify(holding()));
      return { name: this.name, metadata: MemberMetadata.encode({ version, topics, userData }) };
    },
    async assign({ members, topics }) {
      const shares = topics.map((topic) => {
        const partitions = cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
        return [topic, share(partitions, members)] as const;
      });
      return members.map(({ memberId }) => {
        const assignment = Object.fromEntries(shares.map(([topic, of]) => [topic, of.get(memberId) ?? []]));
        return { memberId, memberAssignment: MemberAssignment.encode({ version, assignment, userData: Buffer.alloc(0) }) }; // prettier-ignore
      });
    },
  });
}

// helpers

/** By member: as many as any other has, or one more. */
function share(partitions: readonly number[], members: readonly GroupMember[]): Map<string, number[]> {
  const known = members.map((member) => ({ id: member.memberId, holding: holdingOf(member) }));
  const holders = new Map<number, string>();
  for (const { id, holding } of known.toSorted((a, b) => a.holding.since - b.holding.since || byId(a, b)))
    for (const partition of holding.partitions) holders.set(partition, id);

  const held = known.map(({ id }) => ({ id, of: partitions.filter((partition) => holders.get(partition) === id) }));
  const fair = Math.floor(partitions.length / members.length);
  const ahead = partitions.length % members.length;
  // Where it doesn't come out even, those that have more keep more.
  const shares = held
    .toSorted((a, b) => b.of.length - a.of.length || byId(a, b))
    .map(({ id, of }, i) => ({ id, most: i < ahead ? fair + 1 : fair, of }))
    .map((one) => ({ ...one, of: one.of.slice(0, one.most) }));
  const kept = new Set(shares.flatMap(({ of }) => of));
  const free = partitions.filter((partition) => !kept.has(partition));
  return new Map(shares.map(({ id, most, of }) => [id, [...of, ...free.splice(0, most - of.length)]]));
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1;
}

/** A member that says nothing we understand has nothing. */
function holdingOf({ memberMetadata }: GroupMember): Holding {
  const nothing = { partitions: [], since: 0 };
  try {
    const text = MemberMetadata.decode(memberMetadata)?.userData.toString() ?? "";
    return holdingSchema.safeParse(JSON.parse(text)).data ?? nothing;
  } catch {
    return nothing;
  }
}
