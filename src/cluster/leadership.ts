import type { PartitionAssigner } from "kafkajs";
import type { Clock } from "../clock.ts";
import type { GroupMembership } from "../source/group-membership.ts";
import { oneForAll } from "./one-for-all.ts";

/** Whoever is killed or paused is missed after this long. */
const sessionTimeoutMs = 6_000;
/** Also how soon the others hear that one has left. */
const heartbeatMs = 300;
/** For what was sent before we stopped being sure, and is still under way. */
const marginMs = 1_500;

/**
 * Whether this instance leads: whether it is the one that counts, pages and blocks. It begins when the
 * group of a source gives it partitions, and ends, once and for all, when a group gives them to another
 * or somebody has fenced us. In between it is certain only for as long as the groups can't have given it
 * away: since the last answered heartbeat less time has passed than they wait for the next.
 */
export class Leadership implements GroupMembership {
  readonly sessionTimeoutMs = sessionTimeoutMs;
  readonly heartbeatMs = heartbeatMs;
  readonly maxWaitMs = 100;
  readonly assigners: PartitionAssigner[];
  readonly #clock: Clock;
  /** By source; only of those that have given us partitions. */
  readonly #heard = new Map<string, number>();
  readonly #lost = Promise.withResolvers<string>();
  readonly #ended = new AbortController();
  #since: number | undefined;
  #waiting: (() => void)[] = [];

  /** `instance` is unique over all of them, and over their restarts. */
  constructor({ clock, instance }: { readonly clock: Clock; readonly instance: string }) {
    this.#clock = clock;
    const started = clock.now();
    // Whoever isn't sure that it leads counts as new.
    this.assigners = [oneForAll(() => ({ instance, started, since: this.isAssured ? this.#since : undefined }))];
  }

  /** Resolves with the reason once another leads. */
  get lost(): Promise<string> {
    return this.#lost.promise;
  }

  /** Aborted once another leads. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  get leads(): boolean {
    return this.#since !== undefined && !this.#ended.signal.aborted;
  }

  /** It leads, and no group can have given that to another yet. */
  get isAssured(): boolean {
    const since = this.#clock.monotonic() - (sessionTimeoutMs - marginMs);
    return this.leads && [...this.#heard.values()].every((at) => at > since);
  }

  /** To be asked before each act. Resolves with `true` when it is certain to lead, `false` when it leads no more. */
  async assured(): Promise<boolean> {
    while (!this.isAssured) {
      if (!this.leads) return false;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return true;
  }

  begin(): void {
    this.#since ??= this.#clock.now();
  }

  lose(reason: string): void {
    this.#ended.abort();
    this.#lost.resolve(reason);
    this.#wake();
  }

  heard(source: string, sentAt: number): void {
    if (!this.#heard.has(source)) return;
    this.#heard.set(source, sentAt);
    this.#wake();
  }

  expelled(source: string): void {
    if (this.leads && this.#heard.has(source)) this.lose(`the group of ${source} has gone on without this instance`);
  }

  joined(source: string, partitions: readonly number[]): void {
    if (partitions.length > 0) this.#heard.set(source, this.#heard.get(source) ?? this.#clock.monotonic());
    else if (this.leads) this.lose(`the group of ${source} gave its partitions to another instance`);
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
