import type { LoadedStates } from "./cluster/state-topic.ts";
import type { SaveExtent } from "./detect/save-extent.ts";
import type { Log } from "./log.ts";
import type { SavedState } from "./pipeline.ts";
import type { StateFile } from "./state-file.ts";

/** What an earlier run saved; empty where there is nothing, or nothing that can be used, which is logged. */
export async function loadStates(from: { load(): Promise<LoadedStates> }, log: Log): Promise<readonly SavedState[]> {
  const { states, problem } = await from.load();
  if (problem !== undefined) log.warn({ problem }, "the saved state can't be used; windows begin anew");
  return states as SavedState[];
}

/** Where what was counted is kept. */
export interface StateStore {
  load(): Promise<LoadedStates>;
  save(state: SavedState): Promise<void>;
  /** How much of it is to be saved next. */
  extent(): SaveExtent;
}

/** A file is replaced whole each time. */
export function stateInFile(file: Pick<StateFile, "load" | "save">): StateStore {
  return {
    async load() {
      const { state, problem } = await file.load();
      return { states: state === undefined ? [] : [state], problem };
    },
    save: (state) => file.save(state),
    extent: () => "whole",
  };
}
