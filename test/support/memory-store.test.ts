import { describe, expect, test } from "vitest";
import { MemoryStore } from "./memory-store.ts";

const row = (id: string, version: number, columns: Record<string, string | number | null>) => ({
  table: "incidents" as const,
  id,
  version,
  time: version,
  columns,
  body: { id, version },
});

describe("MemoryStore", () => {
  test("keeps the highest version of each id", async () => {
    const store = new MemoryStore();
    await store.save([row("a", 2, {}), row("a", 1, {}), row("b", 1, {})]);
    expect(await store.latest("incidents", "")).toEqual([
      { id: "a", version: 2 },
      { id: "b", version: 1 },
    ]);
  });

  test.for([
    ["equality", "state = 'open'", {}, ["a"]],
    ["inequality", "state != {state:String}", { state: "open" }, ["b", "c"]],
    ["a list of parameters", "id IN ({ids:Array(String)})", { ids: ["a", "c"] }, ["a", "c"]],
    ["a list of literals", "state NOT IN ('open', 'resolved')", {}, ["c"]],
    ["both sides", "(state = 'open' OR n >= 3) AND NOT id = 'a'", {}, ["c"]],
    ["nothing there", "resolvedAt IS NULL", {}, ["a", "c"]],
    ["a time", "resolvedAt < fromUnixTimestamp64Milli({t:Int64}) AND resolvedAt IS NOT NULL", { t: 9 }, ["b"]],
  ] as const)("understands %s", async ([, where, params, ids]) => {
    const store = new MemoryStore();
    await store.save([
      row("a", 1, { state: "open", n: 1, resolvedAt: null }),
      row("b", 1, { state: "resolved", n: 2, resolvedAt: 5 }),
      row("c", 1, { state: "acknowledged", n: 3, resolvedAt: null }),
    ]);
    const found = await store.latest<{ id: string }>("incidents", where, params);
    expect(found.map((body) => body.id).sort()).toEqual(ids);
  });

  test.for([
    ["an unknown column", "nope = 1"],
    ["an unknown function", "median(n)"],
    ["rubbish", "n = 1 LIMIT"],
  ])("refuses %s", async ([, where]) => {
    const store = new MemoryStore();
    await store.save([row("a", 1, { n: 1 })]);
    await expect(store.latest("incidents", where as string)).rejects.toThrow("memory store");
  });
});
