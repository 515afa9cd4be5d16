import kafkajs from "kafkajs";
import type { GroupMembership } from "../source/group-membership.ts";

/**
 * Members that share the partitions of a group. Whoever leaves or dies is missed soon, since nobody reads
 * until all have joined again: half a second after it left, six seconds after it died.
 */
export const sharedMembership: GroupMembership = {
  sessionTimeoutMs: 6_000,
  heartbeatMs: 500,
  maxWaitMs: 250,
  assigner: kafkajs.PartitionAssigners.roundRobin,
  heard() {
    // Transactional producers say who owns what, not the time.
  },
  expelled() {
    // Nothing waits for the group: what is handled ends, and what it counted can't be committed.
  },
  joined() {
    // What it was given is claimed when it begins to read.
  },
};
