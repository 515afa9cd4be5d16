import type { Consumer, PartitionAssigner } from "kafkajs";
import type { Clock } from "../clock.ts";

/** How a source is a member of its group where the group decides which instance works. */
export interface GroupMembership {
  /** A member that dies without a word holds its partitions for so long, ms. */
  readonly sessionTimeoutMs: number;
  readonly heartbeatMs: number;
  /** How long the broker may hold a fetch when there is nothing, ms: heartbeats wait for it. */
  readonly maxWaitMs: number;
  /** How the group divides its partitions, the one that is liked best first: all members have to know one of them. */
  readonly assigners: PartitionAssigner[];
  /** The group knows that we live: it answered what was sent at `sentAt` (monotonic, ms). */
  heard(source: string, sentAt: number): void;
  /** The group has gone on without us. */
  expelled(source: string): void;
  /** What the group gave us, in each of its generations. */
  joined(source: string, partitions: readonly number[]): void;
}

/** Tells of each heartbeat that was answered when it was sent, in monotonic ms. */
export function onHeartbeats(consumer: Consumer, clock: Clock, heard: (sentAt: number) => void): void {
  const { HEARTBEAT, REQUEST } = consumer.events;
  let tookMs = 0;
  // The request is told of right before the heartbeat that it was.
  consumer.on(REQUEST, ({ payload }) => {
    if (payload.apiName === "Heartbeat") tookMs = payload.duration + payload.pendingDuration;
  });
  consumer.on(HEARTBEAT, () => heard(clock.monotonic() - tookMs));
}

const expelled: ReadonlySet<string> = new Set(["UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION", "FENCED_INSTANCE_ID"]);

/** What a heartbeat that was refused says of us: the group waits for us, or goes on without us. */
export function membershipAfter(error: unknown): "known" | "expelled" | undefined {
  const { type = "" } = error as { type?: string };
  if (type === "REBALANCE_IN_PROGRESS") return "known";
  return expelled.has(type) ? "expelled" : undefined;
}
