/** A record on its way to a topic of ours. */
export interface OutgoingRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key?: string | Buffer | null;
  /** `null`: a tombstone. */
  readonly value: Uint8Array | string | null;
}

/** How far a group has read one partition: the offset that is read next. */
export interface ConsumedOffset {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
}

/** What becomes visible as a whole, or not at all. */
export interface Commit {
  readonly messages: readonly OutgoingRecord[];
  readonly offsets?: readonly ConsumedOffset[];
}

/** Writes whole commits; whoever opened the same one later has fenced it, and it rejects with `Fenced`. */
export interface Committer {
  open(): Promise<void>;
  commit(commit: Commit): Promise<void>;
  close(): Promise<void>;
}
