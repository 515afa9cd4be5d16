import { crc32 } from "node:zlib";
import { savedTables, type SavedTable } from "./store.ts";

/** One row on its way to ClickHouse. */
export interface JournalEntry {
  readonly table: SavedTable;
  readonly id: string;
  readonly version: number;
  /** The row as one line of JSONEachRow, as it will be inserted. */
  readonly line: string;
}

const headerBytes = 8;

/**
 * One entry as bytes: length of the payload (4, little-endian), its CRC-32 (4), and the payload:
 * a JSON header, a line feed, the row. JSON has no line feed inside, so the first one divides them.
 */
export function encodeRecord(entry: JournalEntry): Buffer {
  const text = `${JSON.stringify([entry.table, entry.id, entry.version])}\n${entry.line}`;
  const record = Buffer.allocUnsafe(headerBytes + Buffer.byteLength(text));
  record.write(text, headerBytes);
  const payload = record.subarray(headerBytes);
  record.writeUInt32LE(payload.length, 0);
  record.writeUInt32LE(crc32(payload), 4);
  return record;
}

/** What a segment file holds. Reading ends at the first record that is not whole: a torn write. */
export function decodeRecords(bytes: Buffer): { entries: JournalEntry[]; wholeBytes: number } {
  const entries: JournalEntry[] = [];
  let at = 0;
  while (at + headerBytes <= bytes.length) {
    const end = at + headerBytes + bytes.readUInt32LE(at);
    if (end > bytes.length) break;
    const payload = bytes.subarray(at + headerBytes, end);
    if (crc32(payload) !== bytes.readUInt32LE(at + 4)) break;
    const entry = decodePayload(payload.toString());
    if (!entry) break;
    entries.push(entry);
    at = end;
  }
  return { entries, wholeBytes: at };
}

// helpers

/** `undefined` for what no version of gatewatch wrote: zeros with a CRC that happens to fit, for one. */
function decodePayload(text: string): JournalEntry | undefined {
  const split = text.indexOf("\n");
  if (split < 0) return undefined;
  const [table, id, version] = JSON.parse(text.slice(0, split)) as [string, string, number];
  const known = savedTables.find((name) => name === table);
  return known && { table: known, id, version, line: text.slice(split + 1) };
}
