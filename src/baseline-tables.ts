import { rename } from "node:fs/promises";
import { join } from "node:path";
import type { BaselineTable } from "./detect/baseline-table.ts";
import type { Log } from "./log.ts";
import { StateFile } from "./state-file.ts";

/** Where tables of what is usual are kept: before one holds, a restart has to know it. */
export interface BaselineTables {
  /** How long before it holds a table has to be there, in event time; ms, whole minutes. */
  readonly noticeMs: number;
  /** The newest table and the one before it, the newest last. */
  load(): Promise<readonly BaselineTable[]>;
  /** Resolves when both are safe: the newest last. */
  save(tables: readonly BaselineTable[]): Promise<void>;
}

const minuteMs = 60_000;

/** Kept in two files, the newest and the one before it. */
export function baselineFiles({ directory, log }: { readonly directory: string; readonly log: Log }): BaselineTables {
  const path = join(directory, "baselines.state");
  const newest = new StateFile(path);
  return {
    noticeMs: minuteMs,
    async load() {
      const loaded = await Promise.all([new StateFile(`${path}.before`), newest].map((file) => file.load()));
      for (const { problem } of loaded) if (problem) log.warn({ problem }, "what is usual has to be learned anew");
      return loaded.flatMap(({ state }) => (state === undefined ? [] : [state as BaselineTable]));
    },
    async save(tables) {
      // Only the new one is written: the one that holds until then is there already.
      await moveAside(path);
      await newest.save(tables.at(-1)!);
    },
  };
}

// helpers

/** Nothing to move: it is the first, or the last one was moved, and then the disk was full. */
async function moveAside(path: string): Promise<void> {
  try {
    await rename(path, `${path}.before`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
