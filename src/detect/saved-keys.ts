import type { KeyTable } from "./key-table.ts";
import { picked } from "./picked.ts";
import { newestOf, type SavedPlaces, type SaveExtent } from "./save-extent.ts";

/** Keys of a table, as plain data. */
export interface SavedKeys extends SavedPlaces {
  /** Their hashes, and how old and busy they are: see `KeyTable`. */
  readonly hi: Uint32Array;
  readonly lo: Uint32Array;
  readonly seen: Uint32Array;
  readonly touches: Uint8Array;
}

/** Where keys that were saved are now; -1: nowhere. */
export interface RestoredKeys {
  /** By save and place; -1 also for those that were saved again later. */
  readonly now: readonly Int32Array[];
  /** By the row that they had. */
  readonly moved: Int32Array;
}

/** The rows that are to be saved, ascending. `oldest`: rows that were not touched since that second matter no more. */
export function rowsToSave(table: KeyTable, extent: SaveExtent, oldest = 0): readonly number[] {
  const changed = table.changed.take();
  return extent === "whole" ? table.live(oldest) : changed;
}

/** The keys of these rows. */
export function saveKeys({ hi, lo, seen, touches }: KeyTable, rows: readonly number[]): SavedKeys {
  return {
    rows: Uint32Array.from(rows),
    hi: picked(hi, rows),
    lo: picked(lo, rows),
    seen: picked(seen, rows),
    touches: picked(touches, rows),
  };
}

/** Puts keys back that were saved whole, and then in changes, each as it was saved last; `oldest` as in `rowsToSave`. */
export function restoreKeys(table: KeyTable, saves: readonly SavedKeys[], oldest = 0): RestoredKeys {
  // Twice over, as a list of millions would take its time and memory.
  const isWanted = (save: number, place: number) => saves[save]!.seen[place]! >= oldest;
  let last = -1;
  for (const { row, save, place } of newestOf(saves)) {
    last = row;
    const { hi, lo, seen, touches } = saves[save]!;
    if (isWanted(save, place))
      table.restore({ hi: hi[place]!, lo: lo[place]! }, { seen: seen[place]!, touches: touches[place]! });
  }
  const now = saves.map(({ rows }) => new Int32Array(rows.length).fill(-1));
  const moved = new Int32Array(last + 1).fill(-1);
  // After all of them: some may have had to give way to others.
  for (const { row, save, place } of newestOf(saves)) {
    const { hi, lo } = saves[save]!;
    if (isWanted(save, place)) now[save]![place] = moved[row] = table.find(hi[place]!, lo[place]!);
  }
  return { now, moved };
}
