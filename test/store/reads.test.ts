import { describe, expect, test } from "vitest";
import { createMetrics } from "../../src/metrics.ts";
import type { StoreConnection } from "../../src/store/connections.ts";
import { Reads } from "../../src/store/reads.ts";

/** Connections whose answers a test gives, and how many questions each had at once at most. */
function setUp() {
  const open: (() => void)[] = [];
  let running = 0;
  let most = 0;
  const connection: StoreConnection = {
    execute: () => Promise.reject(new Error("not for reading")),
    async query<Row>(sql: string) {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => open.push(resolve));
      running -= 1;
      if (sql === "bad") throw new Error("no such table");
      return [{ sql }] as Row[];
    },
  };
  const reads = new Reads([connection, connection], createMetrics());
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const answerAll = async () => {
    await turn();
    for (let next = open.shift(); next; next = open.shift()) {
      next();
      await turn();
    }
  };
  return { reads, answerAll, most: () => most };
}

describe("Reads", () => {
  test("asks two questions at once at most, and answers all", async () => {
    const { reads, answerAll, most } = setUp();
    const answers = Promise.all(["a", "b", "c", "d"].map((sql) => reads.ask(sql, {})));
    await answerAll();
    expect(await answers).toEqual([[{ sql: "a" }], [{ sql: "b" }], [{ sql: "c" }], [{ sql: "d" }]]);
    expect(most()).toBe(2);
  });

  test("gives the connection back after an error", async () => {
    const { reads, answerAll } = setUp();
    const answers = Promise.allSettled(["bad", "bad", "bad", "good"].map((sql) => reads.ask(sql, {})));
    await answerAll();
    expect((await answers).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected", "fulfilled"]);
  });

  test("refuses what can't be queued any more", async () => {
    const { reads, answerAll } = setUp();
    const waiting = Array.from({ length: 102 }, () => reads.ask("a", {}));
    await expect(reads.ask("one more", {})).rejects.toMatchObject({ reason: "busy" });
    await answerAll();
    await expect(Promise.all(waiting)).resolves.toHaveLength(102);
  });

  test("refuses those that wait when it is closed, and lets the others end", async () => {
    const { reads, answerAll } = setUp();
    const settled = Promise.allSettled(["a", "b", "c"].map((sql) => reads.ask(sql, {})));
    const closed = reads.close();
    await answerAll();
    await closed;
    expect((await settled).map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
    await expect(reads.ask("d", {})).rejects.toMatchObject({ reason: "closed" });
  });

  test("refuses what a read-only connection would let through", async () => {
    await expect(setUp().reads.ask("SELECT 1 INTO OUTFILE '/tmp/x'", {})).rejects.toMatchObject({ reason: "refused" });
  });
});
