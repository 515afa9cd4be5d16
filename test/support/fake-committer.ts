import type { Commit, Committer } from "../../src/cluster/commit.ts";

/** Keeps what is committed. `fail` makes the next commit reject. */
export class FakeCommitter implements Committer {
  readonly commits: Commit[] = [];
  readonly calls: string[] = [];
  fail: Error | undefined;

  async open(): Promise<void> {
    this.calls.push("open");
  }

  async commit(commit: Commit): Promise<void> {
    const error = this.fail;
    this.fail = undefined;
    if (error !== undefined) throw error;
    this.calls.push("commit");
    this.commits.push(commit);
  }

  async close(): Promise<void> {
    this.calls.push("close");
  }
}
