import type { JournalEntry } from "./journal-record.ts";
import type { TableColumns } from "./row-line.ts";
import type { SavedTable } from "./store.ts";

export interface LatestQuery {
  readonly table: SavedTable;
  readonly columns: TableColumns;
  /** SQL over the table's columns; empty: all. */
  readonly where: string;
  readonly limit: number;
  /** The time column that orders them; from code, never from a request. */
  readonly by: string;
  /** Of each id the newest version that ClickHouse may not have yet. */
  readonly unwritten: readonly JournalEntry[];
}

/**
 * The question behind `latest`: the newest version of each thing, with what still waits in the
 * journal laid over what ClickHouse has, so that it is right while inserts are slow.
 */
export function latestQuery(query: LatestQuery): string {
  const { table, where, limit, by, unwritten } = query;
  const condition = where.trim() === "" ? "1" : `(${where}\n)`;
  const stored = (filter: string) => `SELECT id, version, \`${by}\`, body FROM ${table} FINAL WHERE ${filter}`;
  const newestFirst = `ORDER BY \`${by}\` DESC, id DESC LIMIT ${limit}`;
  if (unwritten.length === 0) return `SELECT body FROM (${stored(condition)}) ${newestFirst}`;

  const names = [...query.columns.keys()].map((name) => `\`${name}\``);
  const ids = `(${unwritten.map((entry) => sqlString(entry.id)).join(", ")})`;
  const overlay = `SELECT ${names.map((name) => `row.${name} AS ${name}`).join(", ")} FROM (${unwrittenRows(query)})`;
  const ofSameIds = `SELECT ${names.join(", ")} FROM ${table} FINAL WHERE id IN ${ids}`;
  // The versions are compared before the condition: an older version that matches must not come back.
  const newest = `SELECT * FROM (${overlay} UNION ALL ${ofSameIds}) ORDER BY version DESC LIMIT 1 BY id`;
  const changed = `SELECT id, version, \`${by}\`, body FROM (${newest}) WHERE ${condition}`;
  return `SELECT body FROM (${stored(`id NOT IN ${ids} AND ${condition}`)} UNION ALL ${changed}) ${newestFirst}`;
}

// helpers

/** An expression, not a table function: those are not allowed on a read-only connection. */
function unwrittenRows({ columns, unwritten }: LatestQuery): string {
  const tuple = [...columns].map(([name, type]) => `\`${name}\` ${type}`).join(", ");
  const rows = `[${unwritten.map((entry) => entry.line).join(",")}]`;
  return `SELECT arrayJoin(JSONExtract(${sqlString(rows)}, ${sqlString(`Array(Tuple(${tuple}))`)})) AS row`;
}

function sqlString(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
