import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { GatewatchError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { StoreConnection } from "./connections.ts";

/** One numbered file of statements, each of which may run twice. */
interface Migration {
  readonly number: number;
  readonly name: string;
  readonly hash: string;
  readonly statements: readonly string[];
}

interface Applied {
  readonly number: number;
  readonly name: string;
  readonly hash: string;
}

/** Where the migrations of this version are. */
export const migrationsDirectory = join(import.meta.dirname, "migrations");

/** Brings the tables to this version. Refuses tables that a newer or a changed version made. */
export async function migrate(options: { connection: StoreConnection; directory: string; log: Log }): Promise<void> {
  const { connection, log } = options;
  const migrations = await readMigrations(options.directory);
  await connection.execute(
    `CREATE TABLE IF NOT EXISTS schema_migrations
     (number UInt32, name String, hash String, appliedAt DateTime64(3, 'UTC') DEFAULT now64(3))
     ENGINE = ReplacingMergeTree(appliedAt) ORDER BY number`,
  );
  const applied = await connection.query<Applied>("SELECT number, name, hash FROM schema_migrations FINAL", {});
  for (const row of applied) checkKnown(row, migrations);
  for (const migration of migrations) {
    if (applied.some((row) => row.number === migration.number)) continue;
    for (const statement of migration.statements) await connection.execute(statement);
    const { number, name, hash } = migration;
    await connection.execute(
      `INSERT INTO schema_migrations (number, name, hash) FORMAT JSONEachRow\n${JSON.stringify({ number, name, hash })}`,
    );
    log.info({ migration: name }, "store migrated");
  }
}

// helpers

async function readMigrations(directory: string): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => /^\d{4}-.+\.sql$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(directory, name), "utf8");
      const statements = text
        .replace(/^\s*--.*$/gm, "")
        .split(/;\s*$/m)
        .map((statement) => statement.trim())
        .filter((statement) => statement !== "");
      return { number: Number(name.slice(0, 4)), name, hash: hashOf(statements), statements };
    }),
  );
}

/** Comments and line ends may change; what is run may not. */
function hashOf(statements: readonly string[]): string {
  const text = statements.map((statement) => statement.replace(/\s+/g, " ")).join(";\n");
  return createHash("sha256").update(text).digest("hex");
}

function checkKnown(applied: Applied, migrations: readonly Migration[]): void {
  const known = migrations.find((migration) => migration.number === applied.number);
  if (known?.hash === applied.hash) return;
  throw new GatewatchError(
    "STORE_MIGRATION",
    known
      ? `the store was made with another ${applied.name} than this version has`
      : `the store was made by a newer version: it has ${applied.name}, which this one doesn't know`,
    { remedy: "Run the version that made it, or give this one another database (`store.database`) or data directory." },
  );
}
