import type { Cell, SavedRow } from "./store.ts";

/** A table's columns as the database has them: name → type. */
export type TableColumns = ReadonlyMap<string, string>;

/** The last moment a DateTime64(3) and a DateTime can hold, epoch ms. */
const lastDateTime64 = Date.UTC(2299, 11, 31);
const lastDateTime = (2 ** 32 - 1) * 1000;

/** Called for a column that the table doesn't have; its value is left out. */
export type OnUnknownColumn = (column: string) => void;

/** A row as one line of JSONEachRow. Times are epoch ms, whatever the column's resolution. */
export function rowLine(
  row: Readonly<Record<string, Cell | undefined>>,
  columns: TableColumns,
  onUnknownColumn: OnUnknownColumn,
): string {
  const cells: Record<string, unknown> = {};
  for (const name of Object.keys(row)) {
    const cell = row[name];
    if (cell === undefined) continue;
    const type = columns.get(name);
    if (type === undefined) onUnknownColumn(name);
    else cells[name] = storable(cell, type);
  }
  return JSON.stringify(cells);
}

/** The line of one version of a thing; `id`, `version`, `time` and `body` are the row's own. */
export function savedRowLine(row: SavedRow, columns: TableColumns, onUnknownColumn: OnUnknownColumn): string {
  const { id, version, time } = row;
  return rowLine({ ...row.columns, id, version, time, body: JSON.stringify(row.body) }, columns, onUnknownColumn);
}

// helpers

/** ClickHouse refuses lone surrogates and times beyond its range; both can come from a hostile log line. */
function storable(cell: Cell, type: string): unknown {
  if (typeof cell === "string") return cell.toWellFormed();
  if (typeof cell === "number")
    return type.startsWith("DateTime") || type.startsWith("Nullable(D") ? storableTime(cell, type) : cell;
  if (typeof cell !== "object" || cell === null) return cell;
  if (Array.isArray(cell)) return cell.map(wellFormed);
  return Object.fromEntries(Object.entries(cell).map(([key, value]) => [key.toWellFormed(), wellFormed(value)]));
}

function wellFormed(value: string | number | null): string | number | null {
  return typeof value === "string" ? value.toWellFormed() : value;
}

function storableTime(ms: number, type: string): number {
  if (type.includes("DateTime64")) return Math.min(Math.max(Math.round(ms), 0), lastDateTime64);
  return Math.floor(Math.min(Math.max(ms, 0), lastDateTime) / 1000);
}
