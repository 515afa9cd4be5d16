import kafkajs from "kafkajs";
import type { Clock } from "../clock.ts";
import type { GroupMembership } from "../source/group-membership.ts";
import { type Holding, sticky } from "./sticky.ts";

/**
 * A member of a group whose partitions are shared. Whoever leaves or dies is missed soon, since nobody reads
 * until all have joined again: half a second after it left, six seconds after it died.
 */
export function sharedMembership(clock: Pick<Clock, "now">): GroupMembership {
  let holding: Holding = { partitions: [], since: 0 };
  return {
    sessionTimeoutMs: 6_000,
    heartbeatMs: 500,
    maxWaitMs: 250,
    // The other one is for members of a version that knows no better.
    assigners: [sticky(() => holding), kafkajs.PartitionAssigners.roundRobin],
    heard() {
      // Transactional producers say who owns what, not the time.
    },
    expelled() {
      // Nothing waits for the group: what is handled ends, and what it counted can't be committed.
    },
    joined(_source, partitions) {
      holding = { partitions: [...partitions], since: clock.now() };
    },
  };
}
