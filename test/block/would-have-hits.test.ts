import { deserialize, serialize } from "node:v8";
import { describe, expect, test } from "vitest";
import { type CountedEvent, WouldHaveHits } from "../../src/block/would-have-hits.ts";

const signIn: CountedEvent = { origin: "gateway", attempt: true, outcome: "ok", endpointClass: "login" };

describe("whom a dry run would have hit", () => {
  test("sign-ins and purchases are told apart from what else succeeded", () => {
    const hits = new WouldHaveHits();
    for (const endpointClass of ["login", "checkout", "payment", "catalog"]) {
      hits.count("a", { ...signIn, endpointClass });
      hits.count("a", { ...signIn, endpointClass, outcome: "failed" });
    }
    expect(hits.of("a")).toEqual({ requests: 8, succeeded: 4, signedIn: 1, bought: 2, users: [], userCount: 0 });
    expect(hits.of("b")).toBeUndefined();
  });

  test("of many users the first ten are named, and about how many there are is told", () => {
    const hits = new WouldHaveHits();
    for (let i = 0; i < 200; i++) hits.count("a", { ...signIn, userId: `user-${i % 100}` });
    const { users, userCount } = hits.of("a")!;
    expect(users).toEqual(Array.from({ length: 10 }, (_, i) => `user-${i}`));
    expect(userCount).toBeGreaterThan(85);
    expect(userCount).toBeLessThan(115);
  });

  test("a restart goes on with those that hold, and forgets the others", () => {
    const before = new WouldHaveHits();
    for (const uuid of ["a", "b"]) before.count(uuid, { ...signIn, userId: "alice" });
    const after = new WouldHaveHits();
    after.load(deserialize(serialize(before.save())), (uuid) => uuid === "a");
    after.count("a", { ...signIn, userId: "bob" });
    expect(after.of("a")).toMatchObject({ requests: 2, signedIn: 2, users: ["alice", "bob"], userCount: 2 });
    expect(after.of("b")).toBeUndefined();
  });
});
