import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { silentLog } from "../../src/log.ts";
import type { StoreConnection } from "../../src/store/connections.ts";
import { migrate, migrationsDirectory } from "../../src/store/migrate.ts";
import { bulkTables, savedTables } from "../../src/store/store.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

/** A database that remembers what was run, and which migrations it was told of. */
function setUp() {
  const run: string[] = [];
  const applied: object[] = [];
  let failAt: RegExp | undefined;
  const connection: StoreConnection = {
    async execute(sql) {
      if (failAt?.test(sql)) throw new Error("gone");
      if (sql.startsWith("INSERT INTO schema_migrations"))
        applied.push(JSON.parse(sql.split("\n")[1] as string) as object);
      else run.push(sql);
    },
    query: async <Row>() => applied as Row[],
  };
  const directory = temporaryDirectory();
  return {
    run,
    applied,
    write: (name: string, sql: string) => writeFileSync(join(directory, name), sql),
    migrate: () => migrate({ connection, directory, log: silentLog }),
    failAt: (pattern: RegExp | undefined) => (failAt = pattern),
  };
}

test("runs what is new, in order, once", async () => {
  const { run, applied, write, migrate } = setUp();
  write("0002-second.sql", "CREATE TABLE c (x Int8);\n");
  write("0001-first.sql", "-- about; a\nCREATE TABLE a (x Int8);\n\nCREATE TABLE b (x Int8)\n;\n");
  write("notes.txt", "not a migration");
  await migrate();
  expect(run.slice(1)).toEqual(["CREATE TABLE a (x Int8)", "CREATE TABLE b (x Int8)", "CREATE TABLE c (x Int8)"]);
  expect(applied).toMatchObject([{ number: 1, name: "0001-first.sql" }, { number: 2 }]);
  await migrate();
  expect(run).toHaveLength(5);
});

test("takes up where a failure ended it", async () => {
  const { run, applied, write, migrate, failAt } = setUp();
  write("0001-first.sql", "CREATE TABLE a (x Int8);\nCREATE TABLE b (x Int8);\n");
  failAt(/TABLE b/);
  await expect(migrate()).rejects.toThrow("gone");
  expect(applied).toEqual([]);
  failAt(undefined);
  await migrate();
  expect(run).toContain("CREATE TABLE b (x Int8)");
  expect(applied).toHaveLength(1);
});

test.for([
  ["other comments and line ends", "-- other words\nCREATE TABLE a\n(x Int8);\n", "same"],
  ["another statement", "CREATE TABLE a (x Int16);\n", "STORE_MIGRATION"],
] as const)("a migration that was run and now has %s", async ([, sql, expected]) => {
  const { write, migrate } = setUp();
  write("0001-first.sql", "CREATE TABLE a (x Int8);\n");
  await migrate();
  write("0001-first.sql", sql);
  const outcome = await migrate().then(
    () => "same",
    (error: { code: string }) => error.code,
  );
  expect(outcome).toBe(expected);
});

test("make every table of the contract, so that each statement may run twice", async () => {
  const run: string[] = [];
  const connection: StoreConnection = { execute: async (sql) => void run.push(sql), query: async () => [] };
  await migrate({ connection, directory: migrationsDirectory, log: silentLog });
  for (const table of [...savedTables, ...bulkTables]) {
    expect(run.filter((sql) => sql.startsWith(`CREATE TABLE IF NOT EXISTS ${table}\n`))).toHaveLength(1);
  }
  expect(run.filter((sql) => sql.startsWith("CREATE") && !sql.includes("IF NOT EXISTS"))).toEqual([]);
});
